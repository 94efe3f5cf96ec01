import fc from "fast-check";
import { expect, test } from "vitest";
import { coveredMs, within } from "../../../../tools/profile/analysis/intervals.ts";

const interval = fc
  .tuple(fc.nat(60), fc.nat(20))
  .map(([startMs, durationMs]) => ({ startMs, endMs: startMs + durationMs }));

test("time that several intervals cover counts once", () => {
  fc.assert(
    fc.property(fc.array(interval, { maxLength: 10 }), (intervals) => {
      const milliseconds = Array.from({ length: 80 }, (_, at) => at);
      const isCovered = (at: number): boolean => intervals.some(({ startMs, endMs }) => startMs <= at && at < endMs);
      expect(coveredMs(intervals)).toBe(milliseconds.filter(isCovered).length);
    }),
  );
});

test("what reaches beyond the window is not within it", () => {
  const inside = { startMs: 10, endMs: 20 };
  expect(within([inside, { startMs: 9, endMs: 15 }, { startMs: 15, endMs: 21 }], inside)).toEqual([inside]);
});
