import type { SessionSettings } from "../../../src/processes/protocol.ts";
import type { DecodeForm } from "./decode-job.ts";
import type { VoxtralInput } from "./voxtral-input.ts";

/** What a process of the benchmarks of a device is started with, as JSON in its first argument. */
export interface DeviceJob extends VoxtralInput {
  /** Model folder in the public layout. */
  readonly folder: string;
  readonly form: DecodeForm;
  readonly provider: SessionSettings["executionProvider"];
  readonly threads: number;
}

/** Asks for the same text so many times, side by side. */
export interface TextRequest {
  readonly rows: number;
  /** Of each text, at most. */
  readonly tokens: number;
}

export interface TextAnswer {
  /** From the spectrograms to the last token, in milliseconds. */
  readonly ms: number;
  /** Of the first text. */
  readonly tokenIds: readonly number[];
  /** Of each token of the first text, where the contestant gives them; JSON has no NaN, and null stands for it. */
  readonly logProbabilities: readonly (number | null)[];
}

/** Asks for so many chunks of 30 s to be encoded in one run. */
export interface EncodeRequest {
  readonly chunks: number;
}

export interface EncodeAnswer {
  readonly ms: number;
}
