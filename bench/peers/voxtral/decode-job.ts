import type { VoxtralInput } from "./voxtral-input.ts";

/** What a process of the benchmark `voxtral-decode` is started with, as JSON in its first argument. */
export interface DecodeJob extends VoxtralInput {
  /** Model folder in the public layout. */
  readonly folder: string;
  /** How its weights are stored, in transformers.js's words. */
  readonly form: DecodeForm;
  /** Which graphs of the folder our plugin takes; the peer knows the public ones only. */
  readonly layout: "steps" | "fused";
  readonly threads: number;
}

/** The endings of the graphs' names. */
export const suffixes = { fp32: "", fp16: "_fp16", q8: "_quantized", q4: "_q4", q4f16: "_q4f16" } as const;

export type DecodeForm = keyof typeof suffixes;

/** The option by which benchmarks of a device are told the form. */
export const formOption = {
  name: "form",
  byDefault: "q4f16",
  help: `how the weights are stored: ${Object.keys(suffixes).join(", ")}`,
} as const;

/** @throws Error when there is no such form. */
export function formOf(name: string): DecodeForm {
  if (!(name in suffixes)) {
    throw new Error(`a form is one of ${Object.keys(suffixes).join(", ")}, not ${name}`);
  }
  return name as DecodeForm;
}

/** Asks for one text of at most so many tokens. */
export interface DecodeRequest {
  readonly maxNewTokens: number;
}

export interface DecodeAnswer {
  /** Without the end token. */
  readonly tokenIds: readonly number[];
  readonly times: PhaseTimes;
}

/** Milliseconds. */
export interface PhaseTimes {
  /** From the start until the prompt was read, encoding of the audio included. */
  readonly promptMs: number;
  /** From then to the end. */
  readonly decodeMs: number;
  /** CPU time of `decodeMs`, of all threads. */
  readonly decodeCpuMs: number;
  /** How much of `decodeMs` graphs were running. */
  readonly decodeRunsMs: number;
}
