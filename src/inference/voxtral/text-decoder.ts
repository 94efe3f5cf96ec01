import type { TokenChoice } from "../generation/token-choice.ts";
import type { KeyValueCache } from "./key-value-cache.ts";

/** The language model of Voxtral: reads embeddings of tokens and audio, remembers them, and says what comes next. */
export interface TextDecoder {
  /** Execution provider in use, such as `cpu`. */
  readonly device: string;
  /** The cache of one sequence that has no tokens yet. */
  begin(): KeyValueCache;
  /**
   * Feeds the next tokens of one sequence.
   * @param audio rows [audio tokens among them, width], which take their places in order.
   */
  read(cache: KeyValueCache, tokenIds: Int32Array, audio: Float32Array): Promise<DecoderStep>;
  /** Feeds one token to each sequence. */
  step(cache: KeyValueCache, tokenIds: readonly number[]): Promise<DecoderStep>;
  /**
   * Feeds one token to each sequence, then the likeliest that follows, and so on, in one run; null when the graphs cannot.
   */
  readonly runGreedily:
    | ((cache: KeyValueCache, tokenIds: readonly number[], tokens: number) => Promise<GreedyRun>)
    | null;
  /**
   * Reads the whole prompt of each sequence, and goes on with up to so many of the likeliest tokens, in one run of which
   * nothing else is kept; null when the graphs cannot. Prompts of unequal length get empty places on their left, which
   * not every graph that can be run this way reads as such.
   */
  readonly generateGreedily:
    | ((prompts: readonly Prompt[], tokens: number) => Promise<readonly (readonly TokenChoice[])[]>)
    | null;
  release(): Promise<void>;
}

/** What a text is to follow. */
export interface Prompt {
  readonly tokenIds: Int32Array;
  /** Rows [audio tokens among them, width], which take their places in order. */
  readonly audio: Float32Array;
}

export interface DecoderStep {
  readonly cache: KeyValueCache;
  /** A row for each sequence: what is expected after its last token. The rows are the caller's, who may overwrite them. */
  readonly logits: readonly Float32Array[];
}

export interface GreedyRun {
  /** All choices but the last were fed. */
  readonly cache: KeyValueCache;
  /** For each sequence, up to so many as were asked for; those after an end token mean nothing. */
  readonly choices: readonly (readonly TokenChoice[])[];
}
