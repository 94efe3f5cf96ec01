import type { ClipFile } from "../speech/wav-file.ts";

export const recognizerNames = ["ours", "faster-whisper", "transformers.js"] as const;
export type RecognizerName = (typeof recognizerNames)[number];

/** One way to transcribe files, in one setting. */
export interface Transcriber {
  readonly peer: RecognizerName;
  /** With its setting; of several settings of a peer the best of a round counts. */
  readonly name: string;
  /** Texts in the order of the files, so many of which it may have in hand at a time. */
  transcribe(files: readonly ClipFile[], parallel: number): Promise<readonly string[]>;
  /** CPU time of all its processes so far. */
  cpuSeconds(): number;
}
