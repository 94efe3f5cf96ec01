import type { ErrorCode } from "../../src/errors.ts";

/** A file that an attacker or an accident could upload, and what the service must say to it. */
export interface HostileFile {
  /** Also its file name. */
  readonly name: string;
  /** What is wrong with it. */
  readonly fault: string;
  /** Anew at each call; a large file comes in pieces. */
  readonly content: () => Iterable<Uint8Array>;
  /** Any of these. There is more than one where decoders differ, each being truthful. */
  readonly expected: readonly ExpectedAnswer[];
}

export type ExpectedAnswer = Refusal | Transcript;

export interface Refusal {
  readonly status: 413 | 415 | 422;
  readonly code: ErrorCode;
}

export interface Transcript {
  readonly status: 200;
  /** Whether the answer says that the file was cut off or damaged. */
  readonly partial: boolean;
  /** Whether there is any text. Null where so little sound is left that both are right. */
  readonly isSpoken: boolean | null;
}

export const notAudio: Refusal = { status: 415, code: "unsupported_media_type" };
export const emptyAudio: Refusal = { status: 422, code: "empty_audio" };
export const tooLong: Refusal = { status: 413, code: "audio_too_long" };
/** All of the sentence is there. */
export const complete: Transcript = { status: 200, partial: false, isSpoken: true };
/** Some of it is there, and the answer says so. */
export const partial: Transcript = { status: 200, partial: true, isSpoken: null };
/** Some of it is there, and nothing in the file says that there was more. */
export const unknowinglyPartial: Transcript = { status: 200, partial: false, isSpoken: null };
/** Sound without speech. */
export const silent: Transcript = { status: 200, partial: false, isSpoken: false };

/** A file small enough to be made at once. */
export function file(
  name: string,
  fault: string,
  content: () => Uint8Array,
  ...expected: readonly ExpectedAnswer[]
): HostileFile {
  return { name, fault, content: () => [content()], expected };
}

/** One line for tables: `415 unsupported_media_type`, `200 partial`. */
export function describe(expected: ExpectedAnswer): string {
  if (expected.status !== 200) {
    return `${expected.status} ${expected.code}`;
  }
  const text = expected.isSpoken === null ? "" : expected.isSpoken ? ", text" : ", no text";
  return `200 ${expected.partial ? "partial" : "whole"}${text}`;
}
