import type { Interval } from "../recording/recording.ts";

/**
 * How long each interval of one thread took without those inside of it, in milliseconds, in the order given: together they
 * are as long as the outermost ones. Intervals of a thread nest or follow one another.
 */
export function selfTimes(intervals: readonly Interval[]): number[] {
  const order = intervals
    .map((interval, index) => ({ ...interval, index }))
    .toSorted((one, other) => one.startMs - other.startMs || other.endMs - one.endMs);
  const selfMs = intervals.map(({ startMs, endMs }) => endMs - startMs);
  const open: (Interval & { readonly index: number })[] = [];
  for (const each of order) {
    while ((open.at(-1)?.endMs ?? Number.POSITIVE_INFINITY) <= each.startMs) {
      open.pop();
    }
    const parent = open.at(-1);
    if (parent !== undefined) {
      selfMs[parent.index] = (selfMs[parent.index] ?? 0) - (each.endMs - each.startMs);
    }
    open.push(each);
  }
  return selfMs;
}
