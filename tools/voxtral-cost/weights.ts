import { type ModelShape, statesPerToken } from "./model-shape.ts";

/** How weights are stored. */
export const forms = ["fp32", "fp16", "q8", "q4f16", "q4"] as const;
export type Form = (typeof forms)[number];

/** Weights of one graph file: matrices are stored in the form's way, what is left in its floating point type. */
export interface Weights {
  readonly matrices: number;
  readonly others: number;
}

/** Weights that share a scale in the 4-bit forms. */
const block = 32;
const floatBytes: Readonly<Record<Form, number>> = { fp32: 4, fp16: 2, q8: 4, q4f16: 2, q4: 4 };

/** Of the keys and values, and of all weights that are no matrices. */
export function bytesPerFloat(form: Form): number {
  return floatBytes[form];
}

/** Of one weight of a matrix: half a byte and its share of a scale in the 4-bit forms. */
export function bytesPerWeight(form: Form): number {
  const scale = floatBytes[form] / block;
  return { fp32: 4, fp16: 2, q8: 1, q4f16: 0.5 + scale, q4: 0.5 + scale }[form];
}

export function bytesOf({ matrices, others }: Weights, form: Form): number {
  return matrices * bytesPerWeight(form) + others * bytesPerFloat(form);
}

/** `audio_encoder`: convolutions, positions, layers and the projector to the width of the text. */
export function encoderWeights(shape: ModelShape): Weights {
  const { melBins, width, layers, inner, states } = shape.audio;
  const convolutions = 3 * melBins * width + 3 * width * width;
  // Queries, values, the output and both linear layers have biases, keys have none; two norms a layer, one at the end.
  const biases = layers * (4 * width + inner) + 2 * width;
  const norms = (2 * layers + 1) * 2 * width;
  return {
    matrices: encoderMatrices(shape) + projectorMatrices(shape),
    others: convolutions + states * width + biases + norms,
  };
}

/** Multiplied with each state of the encoder. */
export function encoderMatrices({ audio }: ModelShape): number {
  return audio.layers * (4 * audio.width * audio.width + 2 * audio.width * audio.inner);
}

/** Multiplied with each audio token. */
export function projectorMatrices({ audio, text }: ModelShape): number {
  return statesPerToken * audio.width * text.width + text.width * text.width;
}

/** `embed_tokens`: a table, of which a token reads one row. */
export function embeddingWeights({ text }: ModelShape): Weights {
  return { matrices: text.vocabulary * text.width, others: 0 };
}

/** `decoder_model_merged`. */
export function decoderWeights(shape: ModelShape): Weights {
  const { width, layers, headWidth, positions } = shape.text;
  const norms = (2 * layers + 1) * width;
  // Cosines and sines of all positions, as ONNX Runtime's RotaryEmbedding reads them.
  const rope = positions * headWidth;
  return { matrices: layerMatrices(shape) + headMatrix(shape), others: norms + rope };
}

/** Multiplied with each token of the text. */
export function layerMatrices({ text }: ModelShape): number {
  const { width, inner, layers, heads, keyValueHeads, headWidth } = text;
  const attention = 2 * width * heads * headWidth + 2 * width * keyValueHeads * headWidth;
  return layers * (attention + 3 * width * inner);
}

/** Gives the logits: needed for the token that is to be followed only, but the public graphs compute it for all. */
export function headMatrix({ text }: ModelShape): number {
  return text.vocabulary * text.width;
}

/** All three graphs. */
export function modelBytes(shape: ModelShape, form: Form): number {
  const parts = [encoderWeights(shape), embeddingWeights(shape), decoderWeights(shape)];
  return parts.reduce((total, weights) => total + bytesOf(weights, form), 0);
}
