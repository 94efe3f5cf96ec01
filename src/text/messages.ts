import type { PreparedText } from "./prepared-text.ts";

/** The program of the text worker's thread. */
export const textWorkerEntry = new URL("./main.ts", import.meta.url);

export interface TextWorkerSettings {
  /** Holds `tokenizer.json` and `tokenizer_config.json`. */
  readonly modelFolder: string;
  /** Tokens of the longest window, special tokens included. */
  readonly windowTokens: number;
  /** Tokens that neighbouring windows share. */
  readonly overlapTokens: number;
  /** Whether the model was trained on folded text, see `foldText`. */
  readonly foldsText: boolean;
}

/** What the thread is started with, as its `workerData`. */
export interface TextWorkerData extends TextWorkerSettings {
  /** One shared number: the thread writes here which text of the message it is about to prepare. */
  readonly progress: Int32Array;
}

/** To the thread: the next texts. It has one message at a time, so answers need no number. */
export interface PrepareMessage {
  readonly kind: "prepare";
  readonly texts: readonly string[];
}

/** From the thread. `results` are in the order of the texts. */
export type TextWorkerMessage =
  | { readonly kind: "ready" }
  | { readonly kind: "prepared"; readonly results: readonly TextResult[] };

/** An error crosses as its name alone: its message could hold user text. */
export type TextResult = PreparedText | { readonly errorName: string };
