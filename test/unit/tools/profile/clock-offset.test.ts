import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clockOffset } from "../../../../tools/profile/analysis/clock-offset.ts";
import type { Interval } from "../../../../tools/profile/recording/recording.ts";

/** A run with the time that its call took before and after it. */
const call = fc.record({
  pauseMs: fc.double({ min: 0, max: 50, noNaN: true }),
  beforeMs: fc.double({ min: 0.001, max: 5, noNaN: true }),
  runMs: fc.double({ min: 0, max: 100, noNaN: true }),
  afterMs: fc.double({ min: 0.001, max: 5, noNaN: true }),
});

describe("clockOffset", () => {
  it("finds the offset to within the error that it tells", () => {
    fc.assert(
      fc.property(
        fc.array(call, { minLength: 1, maxLength: 30 }),
        fc.double({ min: -1e6, max: 1e6, noNaN: true }),
        (calls, trueOffsetMs) => {
          let at = 0;
          const runs: Interval[] = [];
          const timed = calls.map(({ pauseMs, beforeMs, runMs, afterMs }) => {
            const startMs = at + pauseMs;
            const runStartMs = startMs + beforeMs;
            at = runStartMs + runMs + afterMs;
            runs.push({ startMs: runStartMs - trueOffsetMs, endMs: runStartMs + runMs - trueOffsetMs });
            return { startMs, endMs: at };
          });
          const { offsetMs, errorMs } = clockOffset(runs, timed);
          expect(Math.abs(offsetMs - trueOffsetMs)).toBeLessThanOrEqual(errorMs + 1e-6);
          expect(errorMs).toBeLessThanOrEqual(
            Math.min(...calls.map((each) => (each.beforeMs + each.afterMs) / 2)) + 1e-6,
          );
        },
      ),
    );
  });

  it("takes a profile that ends before the calls do", () => {
    const calls = [
      { startMs: 100, endMs: 110 },
      { startMs: 120, endMs: 130 },
    ];
    expect(clockOffset([{ startMs: 1, endMs: 9 }], calls)).toEqual({ offsetMs: 100, errorMs: 1 });
  });

  it.each([
    ["no run", []],
    ["more runs than calls", Array.from({ length: 3 }, () => ({ startMs: 0, endMs: 1 }))],
    ["a run that is longer than its call", [{ startMs: 0, endMs: 15 }]],
  ])("refuses %s", (_, runs) => {
    expect(() => clockOffset(runs, [{ startMs: 100, endMs: 110 }])).toThrow(
      `the ${runs.length} runs of a profile do not fit the 1 calls that were recorded`,
    );
  });
});
