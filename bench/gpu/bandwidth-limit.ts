import type { ModelShape } from "../../tools/voxtral-cost/model-shape.ts";
import type { Form } from "../../tools/voxtral-cost/weights.ts";
import { stepTextBytes, stepWeightBytes } from "../../tools/voxtral-cost/work.ts";

/** Texts that are decoded side by side. */
export interface DecodeLoad {
  readonly rows: number;
  readonly promptTokens: number;
  /** That each text gets after its first. */
  readonly tokens: number;
}

/** What no program passes that reads weights and caches once a step. */
export interface BandwidthLimit {
  /** Of an average step: all weights, and the cache of each text. */
  readonly bytesPerStep: number;
  readonly msPerStep: number;
  /** Of all texts together. */
  readonly tokensPerSecond: number;
}

/** @param bytesPerSecond what the device's memory gives. */
export function bandwidthLimit(
  shape: ModelShape,
  form: Form,
  bytesPerSecond: number,
  { rows, promptTokens, tokens }: DecodeLoad,
): BandwidthLimit {
  // The cache grows by one position a step: the mean is that of the step in the middle.
  const past = promptTokens + (tokens - 1) / 2;
  const bytesPerStep = stepWeightBytes(shape, form) + rows * stepTextBytes(shape, form, past);
  const seconds = bytesPerStep / bytesPerSecond;
  return { bytesPerStep, msPerStep: seconds * 1000, tokensPerSecond: rows / seconds };
}

/** (measured − limit) ÷ limit: what a step costs besides reading memory. */
export function costBesidesBandwidth(msPerStep: number, limit: BandwidthLimit): number {
  return (msPerStep - limit.msPerStep) / limit.msPerStep;
}
