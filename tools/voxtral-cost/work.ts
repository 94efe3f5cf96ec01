import { cacheBytesPerToken } from "../../src/hardware/speech-memory.ts";
import { audioTokens, type ModelShape } from "./model-shape.ts";
import {
  bytesOf,
  bytesPerFloat,
  bytesPerWeight,
  encoderMatrices,
  type Form,
  headMatrix,
  layerMatrices,
  projectorMatrices,
} from "./weights.ts";

/** Tokens of a prompt besides those of the audio: `<s> [INST] [BEGIN_AUDIO] … [/INST] lang : fr [TRANSCRIBE]`. */
const promptFrame = 8;
/** A multiplication and an addition. */
const operations = 2;

/** Tokens of the prompt for one window of 30 s with a language. */
export function promptTokens(shape: ModelShape): number {
  return audioTokens(shape) + promptFrame;
}

/** Floating point operations of the encoder and projector for one window. */
export function encoderOperations(shape: ModelShape): number {
  const { melBins, width, layers, states } = shape.audio;
  const frames = 2 * states;
  const convolutions = operations * 3 * (melBins * width * frames + width * width * states);
  // Queries times keys, and shares times values; every state looks at all.
  const attention = layers * 2 * operations * states * states * width;
  const matrices = operations * states * encoderMatrices(shape);
  return convolutions + attention + matrices + operations * audioTokens(shape) * projectorMatrices(shape);
}

/** Of reading `tokens` more after `past`: without the logits. */
export function readOperations(shape: ModelShape, tokens: number, past: number): number {
  const { layers, heads, headWidth } = shape.text;
  const looks = tokens * past + (tokens * (tokens + 1)) / 2;
  const attention = layers * 2 * operations * heads * headWidth * looks;
  return operations * tokens * layerMatrices(shape) + attention;
}

/** Of the logits of one position. */
export function logitOperations(shape: ModelShape): number {
  return operations * headMatrix(shape);
}

/** Of one window: the encoder, its prompt with one row of logits. */
export function promptOperations(shape: ModelShape): number {
  return encoderOperations(shape) + readOperations(shape, promptTokens(shape), 0) + logitOperations(shape);
}

/** Memory that one decode step reads for its weights, however many texts it goes on with. */
export function stepWeightBytes(shape: ModelShape, form: Form): number {
  const norms = (2 * shape.text.layers + 1) * shape.text.width;
  return bytesOf({ matrices: layerMatrices(shape) + headMatrix(shape), others: norms }, form);
}

/** Memory that one decode step reads for one text besides: its cache and the row of its token. */
export function stepTextBytes(shape: ModelShape, form: Form, past: number): number {
  const row = shape.text.width * bytesPerWeight(form);
  return past * cacheBytesPerToken(shape, bytesPerFloat(form)) + row;
}

/** Logits of a piece of the prompt, which the public graphs give for each of its tokens. */
export function logitBytes({ text }: ModelShape, tokens: number, bytesPerNumber: number): number {
  return tokens * text.vocabulary * bytesPerNumber;
}
