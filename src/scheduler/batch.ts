import type { CostEstimate } from "./cost-model.ts";

/** What the batcher may know of a waiting window. */
export interface Candidate {
  /** Tokens of text, special tokens included, or frames of audio. */
  readonly length: number;
  /** It was in a batch that died: it runs by itself, so that a poisoned window fails alone. */
  readonly mustRunAlone: boolean;
}

export interface BatchLimits {
  /** Windows in one run. */
  readonly maxBatchSize: number;
  /** Windows times the length of the longest. One window may exceed it by itself. */
  readonly maxBatchLength: number;
}

/**
 * The smallest batch whose efficiency is within this share of the best is taken: beyond it a larger batch buys nothing
 * and only delays the first answer.
 */
const goodEnough = 0.98;

/**
 * Chooses the next batch among the candidates, which come in turn order: positions in `candidates`, ascending.
 *
 * The first candidate is always in it, so that nobody waits for ever for windows of like length. Around it, the run of
 * neighbours in length is taken that does the most useful work per predicted millisecond: padding costs work, a
 * small batch pays the fixed cost of a run more often, and the cost model says which is worse on this machine.
 *
 * @param idleInstances Instances that wait for work, this one included: what is there is shared among them.
 */
export function chooseBatch(
  candidates: readonly Candidate[],
  limits: BatchLimits,
  cost: CostEstimate,
  idleInstances: number,
): number[] {
  const first = candidates[0];
  if (first === undefined) {
    return [];
  }
  if (first.mustRunAlone) {
    return [0];
  }
  const share = Math.ceil(candidates.length / idleInstances);
  const positions = [...candidates.keys()].filter((position) => !candidates[position]?.mustRunAlone);
  const lengthAt = (position: number): number => candidates[position]?.length ?? 0;
  positions.sort((a, b) => lengthAt(a) - lengthAt(b) || a - b);
  const lengths = positions.map(lengthAt);
  const range = bestRange(lengths, positions.indexOf(0), Math.min(limits.maxBatchSize, share), limits, cost);
  return positions.slice(range.from, range.to).toSorted((a, b) => a - b);
}

interface Range {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

/** The best range of `lengths` (ascending) that holds index `held`. */
function bestRange(
  lengths: readonly number[],
  held: number,
  maxSize: number,
  limits: BatchLimits,
  cost: CostEstimate,
): Range {
  const ranges: (Range & { readonly efficiency: number })[] = [];
  let best = 0;
  for (let from = held; from >= 0 && held - from < maxSize; from--) {
    let useful = sum(lengths, from, held);
    for (let to = held + 1; to <= lengths.length && to - from <= maxSize; to++) {
      const longest = lengths[to - 1] ?? 0;
      useful += longest;
      const padded = (to - from) * longest;
      if (padded > limits.maxBatchLength && to - from > 1) {
        break;
      }
      const efficiency = useful / (cost.fixedMs + cost.perUnitMs * padded);
      best = Math.max(best, efficiency);
      ranges.push({ from, to, efficiency });
    }
  }
  let chosen: Range = { from: held, to: held + 1 };
  let size = Number.POSITIVE_INFINITY;
  for (const range of ranges) {
    if (range.efficiency >= best * goodEnough && range.to - range.from < size) {
      chosen = range;
      size = range.to - range.from;
    }
  }
  return chosen;
}

function sum(lengths: readonly number[], from: number, to: number): number {
  return lengths.slice(from, to).reduce((total, length) => total + length, 0);
}
