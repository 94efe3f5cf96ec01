import fc from "fast-check";
import { expect, test } from "vitest";
import { type BatchLimits, type Candidate, chooseBatch } from "../../../src/scheduler/batch.ts";

const limits: BatchLimits = { maxBatchSize: 32, maxBatchLength: 1024 };
/** A machine on which starting a run costs as much as 100 tokens. */
const dearRuns = { fixedMs: 10, perUnitMs: 0.1 };
/** A machine on which a run costs what its tokens cost. */
const dearTokens = { fixedMs: 0.1, perUnitMs: 0.1 };

const anyCandidates = fc.array(
  fc.record({
    length: fc.integer({ min: 1, max: 512 }),
    mustRunAlone: fc.boolean(),
  }),
  { minLength: 1, maxLength: 64 },
);
const anyLimits = fc.record({
  maxBatchSize: fc.integer({ min: 1, max: 64 }),
  maxBatchLength: fc.integer({ min: 1, max: 8192 }),
});
const anyCost = fc.record({
  fixedMs: fc.double({ min: 0, max: 100, noNaN: true }),
  perUnitMs: fc.double({ min: 1e-6, max: 1, noNaN: true }),
});
const anyIdleInstances = fc.integer({ min: 1, max: 16 });

test("nothing waiting makes no batch", () => {
  expect(chooseBatch([], limits, dearRuns, 1)).toEqual([]);
});

test("every batch holds the first candidate, names positions once and in ascending order", () => {
  fc.assert(
    fc.property(anyCandidates, anyLimits, anyCost, anyIdleInstances, (candidates, anyLimit, cost, idle) => {
      const batch = chooseBatch(candidates, anyLimit, cost, idle);
      expect(batch[0]).toBe(0);
      expect(batch).toEqual([...new Set(batch)].toSorted((a, b) => a - b));
      expect(batch.every((position) => position < candidates.length)).toBe(true);
    }),
  );
});

test("no batch passes a limit, but for one window that is too long by itself", () => {
  fc.assert(
    fc.property(anyCandidates, anyLimits, anyCost, anyIdleInstances, (candidates, anyLimit, cost, idle) => {
      const lengths = chooseBatch(candidates, anyLimit, cost, idle).map(
        (position) => candidates[position]?.length ?? 0,
      );
      expect(lengths.length).toBeLessThanOrEqual(anyLimit.maxBatchSize);
      if (lengths.length > 1) {
        expect(lengths.length * Math.max(...lengths)).toBeLessThanOrEqual(anyLimit.maxBatchLength);
      }
    }),
  );
});

test("a window that must run alone has no batch mates", () => {
  fc.assert(
    fc.property(anyCandidates, anyLimits, anyCost, anyIdleInstances, (candidates, anyLimit, cost, idle) => {
      const batch = chooseBatch(candidates, anyLimit, cost, idle);
      if (batch.length > 1) {
        expect(batch.some((position) => candidates[position]?.mustRunAlone)).toBe(false);
      }
    }),
  );
});

test("no batch takes more than its instance's share of what waits", () => {
  fc.assert(
    fc.property(anyCandidates, anyLimits, anyCost, anyIdleInstances, (candidates, anyLimit, cost, idle) => {
      const share = Math.ceil(candidates.length / idle);
      expect(chooseBatch(candidates, anyLimit, cost, idle).length).toBeLessThanOrEqual(share);
    }),
  );
});

test("windows between the shortest and the longest of a batch are not passed over", () => {
  fc.assert(
    fc.property(anyCandidates, anyLimits, anyCost, (candidates, anyLimit, cost) => {
      const batch = chooseBatch(candidates, anyLimit, cost, 1);
      const lengths = batch.map((position) => candidates[position]?.length ?? 0);
      const between = candidates.filter(
        ({ length, mustRunAlone }) => !mustRunAlone && length > Math.min(...lengths) && length < Math.max(...lengths),
      );
      const taken = lengths.filter((length) => length > Math.min(...lengths) && length < Math.max(...lengths));
      expect(taken.length).toBe(between.length);
    }),
  );
});

test("windows of equal length run together", () => {
  expect(chooseBatch(candidatesOf([20, 20, 20, 20, 20, 20]), limits, dearRuns, 1)).toEqual([0, 1, 2, 3, 4, 5]);
});

test("a batch ends at the size limit, and at the token limit with padding counted", () => {
  const six = candidatesOf([20, 20, 20, 20, 20, 20]);
  expect(chooseBatch(six, { ...limits, maxBatchSize: 4 }, dearRuns, 1)).toHaveLength(4);
  expect(chooseBatch(six, { ...limits, maxBatchLength: 79 }, dearRuns, 1)).toHaveLength(3);
});

test("a window longer than the token limit runs by itself", () => {
  expect(chooseBatch(candidatesOf([2000, 20, 20]), limits, dearRuns, 1)).toEqual([0]);
});

test("a long window stays out of a batch of short ones when padding costs more than a run of its own", () => {
  const candidates = candidatesOf([10, 128, 10, 10, 10]);
  expect(chooseBatch(candidates, limits, dearTokens, 1)).not.toContain(1);
  expect(chooseBatch(candidatesOf([128, 10, 10, 10]), limits, dearTokens, 1)).toEqual([0]);
});

test("a long window joins short ones when starting a run costs more than the padding", () => {
  expect(chooseBatch(candidatesOf([10, 128, 10]), limits, { fixedMs: 1000, perUnitMs: 0.001 }, 1)).toEqual([0, 1, 2]);
});

test("where batching buys nothing, the first window runs at once by itself", () => {
  expect(chooseBatch(candidatesOf([20, 20, 20]), limits, { fixedMs: 0, perUnitMs: 0.1 }, 1)).toEqual([0]);
});

test("two idle instances share what waits", () => {
  expect(chooseBatch(candidatesOf([20, 20, 20, 20, 20, 20]), limits, dearRuns, 2)).toHaveLength(3);
});

test("a window that must run alone runs alone when its turn comes, and is left out before", () => {
  const alone = { length: 20, mustRunAlone: true };
  const [one, two] = candidatesOf([20, 20]);
  expect(chooseBatch([alone, ...candidatesOf([20, 20])], limits, dearRuns, 1)).toEqual([0]);
  expect(
    chooseBatch(
      [one, alone, two].filter((each) => each !== undefined),
      limits,
      dearRuns,
      1,
    ),
  ).toEqual([0, 2]);
});

function candidatesOf(lengths: readonly number[]): Candidate[] {
  return lengths.map((length) => ({ length, mustRunAlone: false }));
}
