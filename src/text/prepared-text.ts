/** One stretch of a text that the model sees at once. */
export interface TextWindow {
  /** Token ids with the special tokens around them, at most the window length. */
  readonly inputIds: Int32Array;
  /** UTF-16 offset in the text as sent, inclusive. */
  readonly start: number;
  /** UTF-16 offset in the text as sent, exclusive. */
  readonly end: number;
}

export interface PreparedText {
  /** Tokens of the text without special tokens, each counted once however many windows see it. */
  readonly tokens: number;
  /** At least one, in order, overlapping. */
  readonly windows: readonly TextWindow[];
}
