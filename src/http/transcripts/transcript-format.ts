import type { TranscriptSegment, TranscriptSummary } from "../../tasks/transcribe.ts";

/** What an answer was asked to say. */
export interface TranscriptRequest {
  /** ISO 639-1 code that the client named, or null. */
  readonly language: string | null;
  readonly isModerated: boolean;
}

/** One way to write a transcript down. Made anew for each answer: it may keep what it was told until the end. */
export interface TranscriptFormat {
  readonly contentType: string;
  /** What comes before everything else. */
  readonly head: string;
  /** May stand between any two pieces without meaning anything: tells a waiting client that there is life. */
  readonly filler: string;
  /** A piece is to be sent as soon as it is known. */
  readonly isLive: boolean;
  /** What the next segment adds to the answer; empty when that is kept for the end. */
  segment(segment: TranscriptSegment): string;
  end(summary: TranscriptSummary): string;
  /** The last words of an answer that has begun and cannot be finished, around the body of the error. */
  failure(errorBody: string): string;
  /** `failure` tells of itself that the transcript is not whole. Else the connection is broken to say so. */
  readonly tellsFailure: boolean;
}

/** How the segments' texts are put together, wherever a format has one text. */
export const segmentSeparator = " ";

/** Seconds with three decimals at most, as OpenAI's formats have them. */
export function toSeconds(milliseconds: number): number {
  return milliseconds / 1000;
}
