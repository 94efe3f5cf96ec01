import { upload } from "../../bench/load/upload.ts";
import type { ExpectedAnswer } from "./hostile-file.ts";

/** What the service said to an upload. */
export interface Answer {
  readonly status: number;
  /** Of a refusal; null otherwise. */
  readonly code: string | null;
  /** Of a transcript; null otherwise. */
  readonly partial: boolean | null;
  readonly text: string | null;
  readonly body: string;
}

/** Longer than the service's own deadline of 120 s: what is merely slow is answered with 504 by then, what hangs is not. */
const timeoutMs = 180_000;

/** @throws Error when there is no answer. */
export async function askService(port: number, content: Iterable<Uint8Array>): Promise<Answer> {
  const { status, body } = await upload({ port, path: "/v1/transcribe?language=fr", content, timeoutMs });
  const answer = JSON.parse(body) as {
    readonly error?: { readonly code: string };
    readonly partial?: boolean;
    readonly text?: string;
  };
  const { error, partial = null, text = null } = answer;
  return { status, code: error?.code ?? null, partial, text, body };
}

export function isAsExpected({ status, code, partial, text }: Answer, expected: ExpectedAnswer): boolean {
  if (expected.status !== 200) {
    return status === expected.status && code === expected.code;
  }
  const isSpoken = text !== null && text !== "";
  return status === 200 && partial === expected.partial && (expected.isSpoken ?? isSpoken) === isSpoken;
}

/** As `describe` writes what was expected. */
export function describeAnswer({ status, code, partial, text }: Answer): string {
  return status === 200
    ? `200 ${partial === true ? "partial" : "whole"}, ${text === "" ? "no text" : "text"}`
    : `${status} ${code}`;
}
