import { cacheBytesPerToken, encoderWorkingBytes } from "../../src/hardware/speech-memory.ts";
import type { Machine } from "./machines.ts";
import type { ModelShape } from "./model-shape.ts";
import { bytesPerFloat, type Form, modelBytes } from "./weights.ts";
import { logitBytes, logitOperations, promptTokens, readOperations, stepTextBytes, stepWeightBytes } from "./work.ts";

/** Tokens of the prompt that are read in one run; decides how large the logits get. */
const tokensPerPiece = 128;
/** The rest is left to the driver, the runtime and its fragments. */
const usableShare = 0.9;

/** How a runtime holds the caches. */
export interface CacheHolding {
  /** Copies of a text's cache that exist at a time. */
  readonly copies: number;
  /** Positions for which there has to be room. */
  readonly positions: number;
}

/** A cache that is full to its last position. */
export function textBytes(shape: ModelShape, form: Form, { copies, positions }: CacheHolding): number {
  return copies * positions * cacheBytesPerToken(shape, bytesPerFloat(form));
}

/** Besides weights and caches: one encoder run, and the logits of one piece of a prompt. */
export function workingBytes(shape: ModelShape, form: Form): number {
  const float = bytesPerFloat(form);
  return encoderWorkingBytes(shape, float) + logitBytes(shape, tokensPerPiece, float);
}

/** How many texts can be in hand at a time; 0 when not even the model fits. */
export function textsThatFit(shape: ModelShape, form: Form, memory: number, holding: CacheHolding): number {
  const left = usableShare * memory - modelBytes(shape, form) - workingBytes(shape, form);
  return Math.max(0, Math.floor(left / textBytes(shape, form, holding)));
}

/** Tokens a second of `texts` texts together that no implementation passes: by memory traffic, or by operations. */
export function decodeLimit(
  shape: ModelShape,
  form: Form,
  { bandwidth, operations }: Pick<Machine, "bandwidth" | "operations">,
  { texts, past }: { readonly texts: number; readonly past: number },
): number {
  const bytes = stepWeightBytes(shape, form) + texts * stepTextBytes(shape, form, past);
  const work = texts * (readOperations(shape, 1, past) + logitOperations(shape));
  return texts / Math.max(bytes / bandwidth, work / operations);
}

/** Positions of a text in the middle of its answer. */
export function pastInTheMiddle(shape: ModelShape, answerTokens: number): number {
  return promptTokens(shape) + answerTokens / 2;
}
