import type { Interval } from "../recording/recording.ts";

/** Those that lie in the window entirely. */
export function within<Each extends Interval>(intervals: readonly Each[], window: Interval): Each[] {
  return intervals.filter(({ startMs, endMs }) => startMs >= window.startMs && endMs <= window.endMs);
}

/** What of them lies in the window: those that reach beyond it are cut off, so that what was inside of one still is. */
export function cutTo<Each extends Interval>(intervals: readonly Each[], window: Interval): Each[] {
  return intervals
    .filter(({ startMs, endMs }) => startMs < window.endMs && endMs > window.startMs)
    .map((each) => ({
      ...each,
      startMs: Math.max(each.startMs, window.startMs),
      endMs: Math.min(each.endMs, window.endMs),
    }));
}

/** Milliseconds in which at least one of them is under way. */
export function coveredMs(intervals: readonly Interval[]): number {
  let covered = 0;
  let reached = Number.NEGATIVE_INFINITY;
  for (const { startMs, endMs } of intervals.toSorted((one, other) => one.startMs - other.startMs)) {
    covered += Math.max(0, endMs - Math.max(reached, startMs));
    reached = Math.max(reached, endMs);
  }
  return covered;
}
