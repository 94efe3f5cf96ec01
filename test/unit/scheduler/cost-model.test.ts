import fc from "fast-check";
import { expect, test } from "vitest";
import { CostModel } from "../../../src/scheduler/cost-model.ts";
import { randomNumbers } from "../../helpers/random-numbers.ts";

const prior = { fixedMs: 1, perUnitMs: 0.15 };

test("before any run it predicts by its prior", () => {
  expect(new CostModel(prior).predictMs(200)).toBeCloseTo(31, 10);
});

test("it learns a line from noisy runs of mixed sizes", () => {
  const model = new CostModel(prior);
  observeMixed(model, 1000, (tokens) => 2 + 0.01 * tokens);
  expect(model.estimate.fixedMs).toBeGreaterThan(1);
  expect(model.estimate.fixedMs).toBeLessThan(3);
  expect(model.estimate.perUnitMs).toBeGreaterThan(0.008);
  expect(model.estimate.perUnitMs).toBeLessThan(0.012);
});

test("it corrects a prior that is twenty times too low within 60 runs", () => {
  const model = new CostModel({ fixedMs: 0.1, perUnitMs: 0.001 });
  observeMixed(model, 60, (tokens) => 2 + 0.02 * tokens);
  expect(relativeError(model.predictMs(500), 12)).toBeLessThan(0.25);
});

test("it follows a machine that becomes twice as slow", () => {
  const model = new CostModel(prior);
  observeMixed(model, 1000, (tokens) => 2 + 0.01 * tokens);
  observeMixed(model, 400, (tokens) => 4 + 0.02 * tokens);
  expect(relativeError(model.predictMs(100), 6)).toBeLessThan(0.2);
  expect(relativeError(model.predictMs(1000), 24)).toBeLessThan(0.1);
});

test("it follows a change after very many runs of one size", () => {
  const model = new CostModel(prior);
  observeSize(model, 20_000, 300, 10);
  expect(relativeError(model.predictMs(300), 10)).toBeLessThan(0.05);
  observeSize(model, 400, 300, 20);
  expect(relativeError(model.predictMs(300), 20)).toBeLessThan(0.1);
});

test("very many runs of one size leave what it knows of other sizes in place", () => {
  const model = new CostModel(prior);
  observeMixed(model, 1000, (tokens) => 5 + 0.01 * tokens);
  observeSize(model, 20_000, 100, 6);
  expect(relativeError(model.predictMs(1000), 15)).toBeLessThan(0.2);
});

test("one pause of a minute counts as a run of four times the prediction", () => {
  const paused = new CostModel(prior);
  const slow = new CostModel(prior);
  for (const model of [paused, slow]) {
    observeMixed(model, 200, (tokens) => 2 + 0.01 * tokens);
  }
  slow.observe(500, 4 * slow.predictMs(500));
  paused.observe(500, 60_000);
  expect(paused.estimate).toEqual(slow.estimate);
});

test("runs that took no time at all do not blind it for later ones", () => {
  const model = new CostModel(prior);
  observeSize(model, 1000, 100, 0);
  observeSize(model, 500, 100, 10);
  expect(relativeError(model.predictMs(100), 10)).toBeLessThan(0.05);
});

test("no run makes a prediction negative, infinite or not a number", () => {
  const run = fc.tuple(fc.integer({ min: 1, max: 16_384 }), fc.double({ min: 0, max: 120_000, noNaN: true }));
  fc.assert(
    fc.property(fc.array(run, { maxLength: 300 }), fc.integer({ min: 1, max: 16_384 }), (runs, tokens) => {
      const model = new CostModel(prior);
      for (const [paddedLength, observedMs] of runs) {
        model.observe(paddedLength, observedMs);
      }
      const { fixedMs, perUnitMs } = model.estimate;
      expect(fixedMs).toBeGreaterThanOrEqual(0);
      expect(perUnitMs).toBeGreaterThan(0);
      expect(Number.isFinite(model.predictMs(tokens))).toBe(true);
    }),
  );
});

/** Sizes from 20 to 1,020 tokens, durations within 10 % of the line. */
function observeMixed(model: CostModel, runs: number, durationMs: (tokens: number) => number): void {
  const random = randomNumbers(7);
  for (let run = 0; run < runs; run++) {
    const tokens = 20 + Math.floor(random() * 1000);
    model.observe(tokens, durationMs(tokens) * (0.9 + 0.2 * random()));
  }
}

function observeSize(model: CostModel, runs: number, tokens: number, durationMs: number): void {
  const random = randomNumbers(11);
  for (let run = 0; run < runs; run++) {
    model.observe(tokens, durationMs * (0.9 + 0.2 * random()));
  }
}

function relativeError(actual: number, expected: number): number {
  return Math.abs(actual - expected) / expected;
}
