import type { Interval } from "../recording/recording.ts";

/** More than clocks drift apart within a profile: runs and calls are not the same ones. Milliseconds. */
const toleratedMs = 1;

export interface ClockOffset {
  /** Added to a time of the profile, gives a time of the machine. */
  readonly offsetMs: number;
  /** How far off it may be, either way. */
  readonly errorMs: number;
}

/**
 * Finds how the clock of a profile, which begins at an unknown moment, lies to the machine's. Every run of the profile
 * happened within the call that started it, on our clock: each pair leaves a little room for the offset, and the truth lies
 * where all agree.
 *
 * @param runs On the profile's clock, in order.
 * @param calls On the machine's clock, in order; those beyond the runs are not in the profile.
 * @throws Error when there is no run, or the runs cannot be those of the calls.
 */
export function clockOffset(runs: readonly Interval[], calls: readonly Interval[]): ClockOffset {
  let lowest = Number.NEGATIVE_INFINITY;
  let highest = Number.POSITIVE_INFINITY;
  for (const [index, run] of runs.entries()) {
    const call = calls[index];
    if (call !== undefined) {
      lowest = Math.max(lowest, call.startMs - run.startMs);
      highest = Math.min(highest, call.endMs - run.endMs);
    }
  }
  if (!(Number.isFinite(lowest) && runs.length <= calls.length && lowest - highest <= toleratedMs)) {
    throw new Error(`the ${runs.length} runs of a profile do not fit the ${calls.length} calls that were recorded`);
  }
  return { offsetMs: (lowest + highest) / 2, errorMs: Math.abs(highest - lowest) / 2 };
}
