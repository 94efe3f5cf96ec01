import { float32Values, floatTensor, int64Tensor, type Session, type Tensor, type Tensors } from "../session.ts";
import type { WhisperConfig } from "./whisper-config.ts";

/** The names of one tensor of keys or values: as a run of the decoder reads it, and as an earlier run wrote it. */
export interface CacheName {
  readonly past: string;
  readonly present: string;
}

/** Names of the keys and values of every layer: of the tokens fed so far, or of the encoder's states. */
export function cacheNames({ decoderLayers }: WhisperConfig, part: "decoder" | "encoder"): CacheName[] {
  const layers = Array.from({ length: decoderLayers }, (_, layer) => layer);
  return layers.flatMap((layer) =>
    ["key", "value"].map((kind) => ({
      past: `past_key_values.${layer}.${part}.${kind}`,
      present: `present.${layer}.${part}.${kind}`,
    })),
  );
}

/** Keys and values of nothing yet, as inputs of the decoder. */
export function emptyCache(names: readonly CacheName[], config: WhisperConfig, decoder: Session): Tensors {
  const shape = [1, config.decoderHeads, 0, config.headWidth];
  return Object.fromEntries(
    names.map(({ past }) => [past, floatTensor(decoder.floatTypeOf(past), new Float32Array(), shape)]),
  );
}

/** Makes the keys and values that a run gave inputs of the next one. The tensors themselves, nothing is copied. */
export function keepCache(names: readonly CacheName[], outputs: Tensors, inputs: Tensors): void {
  for (const { past, present } of names) {
    // Its session was asked for it: without it the run had failed.
    inputs[past] = outputs[present]!;
  }
}

/** The tokens of one window as int64 [1, tokens]. */
export function inputIds(tokenIds: readonly number[]): Tensor {
  return int64Tensor(BigInt64Array.from(tokenIds, BigInt), [1, tokenIds.length]);
}

/**
 * The rows of `logits` [1, tokens, vocabulary].
 * @throws Error when it has another shape.
 */
export function logitRows({ logits }: Tensors, tokens: number): Float32Array[] {
  const [windows, rows, width = 0] = logits?.dims ?? [];
  if (windows !== 1 || rows !== tokens || width === 0) {
    throw new Error(`logits are not [1, ${tokens}, vocabulary] but [${logits?.dims.join(", ")}]`);
  }
  const values = float32Values(logits);
  return Array.from({ length: tokens }, (_, row) => values.subarray(row * width, (row + 1) * width));
}
