/** What the process of `preprocess-process.ts` is asked for, and what it answers. */
export interface PreprocessJob {
  readonly path: string;
}

export interface PreprocessReport {
  readonly audioMs: number;
  readonly windows: number;
  /** From the first byte written to the last window read. */
  readonly wallMs: number;
  /** Of the audio process, by what it did. */
  readonly decodeMs: number;
  readonly voiceActivityMs: number;
  readonly featuresMs: number;
}
