import { joinCaches, type PaddingSide } from "./key-value-cache.ts";
import type { TextDecoder } from "./text-decoder.ts";
import type { VoxtralConfig } from "./voxtral-config.ts";

/** A short sequence beside a longer one shows whether the places between them are taken for tokens. */
export const shorter = 3;
export const longer = 19;

/** Rounding, of 8-bit graphs too, stays below this share of the spread of a row of logits. */
const tolerance = 0.1;

/**
 * Finds out by trying where a decoder expects the empty places of a shorter sequence beside a longer one: on the left
 * where it heeds the attention mask place by place; on the right where it only counts tokens in it, as graphs with
 * GroupQueryAttention do; null when neither gives what the sequences give alone.
 */
export async function findPadding(decoder: TextDecoder, config: VoxtralConfig): Promise<PaddingSide | null> {
  const sequences = [tokensOf(shorter, config), tokensOf(longer, config)];
  const nextTokens = sequences.map(([first]) => first!);
  const caches = [];
  const alone: Float32Array[] = [];
  for (const tokenIds of sequences) {
    const { cache } = await decoder.read(decoder.begin(), tokenIds, new Float32Array());
    const { logits } = await decoder.step(cache, [tokenIds[0]!]);
    caches.push(cache);
    alone.push(...logits);
  }
  for (const side of ["left", "right"] as const) {
    const { logits } = await decoder.step(joinCaches(caches, side), nextTokens);
    if (alone.every((row, at) => isAlike(row, logits[at]!))) {
      return side;
    }
  }
  return null;
}

/** Different tokens from the middle of the vocabulary, none of them the one that stands for audio. */
export function tokensOf(count: number, { vocabularySize, audioTokenId }: VoxtralConfig): Int32Array {
  const first = Math.max(audioTokenId + 1, Math.floor(vocabularySize / 2) - longer);
  return Int32Array.from({ length: count }, (_, at) => first + ((7 * at + count) % (2 * longer)));
}

function isAlike(one: Float32Array, other: Float32Array): boolean {
  const highest = one.reduce((high, logit) => Math.max(high, logit), Number.NEGATIVE_INFINITY);
  const lowest = one.reduce((low, logit) => Math.min(low, logit), Number.POSITIVE_INFINITY);
  return one.every((logit, at) => Math.abs(logit - other[at]!) <= tolerance * (highest - lowest));
}
