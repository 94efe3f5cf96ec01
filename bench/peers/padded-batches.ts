import type { PaddedBatch } from "./bare-message.ts";

/** A batch, and which texts its rows are. */
export interface TextBatch extends PaddedBatch {
  readonly texts: readonly number[];
}

/** Texts sorted by length in batches of `size`, each padded to its longest: the best order there is. */
export function sortedBatches(
  encodings: readonly (readonly number[])[],
  size: number,
  padTokenId: number,
): TextBatch[] {
  const length = (text: number): number => encodings[text]?.length ?? 0;
  const order = [...encodings.keys()].toSorted((a, b) => length(a) - length(b));
  const batches: TextBatch[] = [];
  for (let first = 0; first < order.length; first += size) {
    const texts = order.slice(first, first + size);
    batches.push(pad(texts, encodings, Math.max(...texts.map(length)), padTokenId));
  }
  return batches;
}

/** One text a batch, each padded to the same width. */
export function singleBatches(
  encodings: readonly (readonly number[])[],
  width: number,
  padTokenId: number,
): TextBatch[] {
  return [...encodings.keys()].map((text) => pad([text], encodings, width, padTokenId));
}

function pad(
  texts: readonly number[],
  encodings: readonly (readonly number[])[],
  width: number,
  padTokenId: number,
): TextBatch {
  const inputIds = new BigInt64Array(texts.length * width).fill(BigInt(padTokenId));
  const attentionMask = new BigInt64Array(texts.length * width);
  for (const [row, text] of texts.entries()) {
    const ids = encodings[text] ?? [];
    inputIds.set(ids.map(BigInt), row * width);
    attentionMask.fill(1n, row * width, row * width + ids.length);
  }
  return { texts, rows: texts.length, width, inputIds, attentionMask };
}
