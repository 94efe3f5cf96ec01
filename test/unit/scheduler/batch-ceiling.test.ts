import fc from "fast-check";
import { expect, test } from "vitest";
import { BatchCeiling } from "../../../src/scheduler/batch-ceiling.ts";

const settings = { maxBatchSize: 32, maxBatchLength: 4096 };

test("before anything failed the settings are the limit", () => {
  expect(new BatchCeiling().within(settings)).toEqual(settings);
});

test("after a batch had too little memory the next ones are half as large, in windows and in length", () => {
  const ceiling = new BatchCeiling();
  ceiling.ranOut(32, 3200);
  expect(ceiling.within(settings)).toEqual({ maxBatchSize: 16, maxBatchLength: 1600 });
  ceiling.ranOut(16, 1600);
  expect(ceiling.within(settings)).toEqual({ maxBatchSize: 8, maxBatchLength: 800 });
});

test("batches that ran beside the one that failed and fail after it make the limit no lower than they say", () => {
  const ceiling = new BatchCeiling();
  ceiling.ranOut(8, 800);
  ceiling.ranOut(32, 3200);
  expect(ceiling.within(settings)).toEqual({ maxBatchSize: 4, maxBatchLength: 400 });
});

test("settings that are smaller than what was learned hold", () => {
  const ceiling = new BatchCeiling();
  ceiling.ranOut(32, 3200);
  expect(ceiling.within({ maxBatchSize: 4, maxBatchLength: 64 })).toEqual({ maxBatchSize: 4, maxBatchLength: 64 });
});

test("the limit doubles after 32 batches that used more than half of it, and is forgotten at the settings", () => {
  const ceiling = new BatchCeiling();
  ceiling.ranOut(16, 2048);
  runWell(ceiling, 31, 8, 800);
  expect(ceiling.within(settings).maxBatchSize).toBe(8);
  runWell(ceiling, 1, 8, 800);
  expect(ceiling.within(settings)).toEqual({ maxBatchSize: 16, maxBatchLength: 2048 });
  expect(ceiling.isLowered).toBe(true);
  runWell(ceiling, 32, 16, 2000);
  expect(ceiling.within(settings)).toEqual(settings);
  expect(ceiling.isLowered).toBe(false);
});

test("what was too much for the sake of one window is allowed again, and never less than now", () => {
  const ceiling = new BatchCeiling();
  const before = ceiling.mark;
  ceiling.ranOut(16, 1600);
  const after = ceiling.mark;
  ceiling.ranOut(8, 800);
  ceiling.goBackTo(after);
  expect(ceiling.within(settings)).toEqual({ maxBatchSize: 8, maxBatchLength: 800 });
  ceiling.goBackTo(before);
  expect(ceiling.within(settings)).toEqual(settings);
  ceiling.goBackTo(after);
  expect(ceiling.within(settings)).toEqual(settings);
});

test("small batches say nothing of larger ones", () => {
  const ceiling = new BatchCeiling();
  ceiling.ranOut(16, 1600);
  runWell(ceiling, 1000, 4, 400);
  expect(ceiling.within(settings).maxBatchSize).toBe(8);
});

test("each time that larger batches fail again, they are tried after twice as many", () => {
  const ceiling = new BatchCeiling();
  ceiling.ranOut(16, 1600);
  runWell(ceiling, 32, 8, 800);
  ceiling.ranOut(16, 1600);
  runWell(ceiling, 63, 8, 800);
  expect(ceiling.within(settings).maxBatchSize).toBe(8);
  runWell(ceiling, 1, 8, 800);
  expect(ceiling.within(settings).maxBatchSize).toBe(16);
});

test("where nothing limits the length, the limit is forgotten by the number of windows", () => {
  const ceiling = new BatchCeiling();
  const unlimited = { maxBatchSize: 8, maxBatchLength: Number.POSITIVE_INFINITY };
  ceiling.ranOut(8, 24_000);
  expect(ceiling.within(unlimited)).toEqual({ maxBatchSize: 4, maxBatchLength: 12_000 });
  for (let batch = 0; batch < 32; batch++) {
    ceiling.ranWell(4, 12_000, unlimited);
  }
  expect(ceiling.within(unlimited)).toEqual(unlimited);
});

test("whatever happens, there is room for a window, never more than the settings allow, and time brings all back", () => {
  const event = fc.record({
    failed: fc.boolean(),
    windows: fc.integer({ min: 1, max: 32 }),
    length: fc.integer({ min: 1, max: 128 }),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 200 }), (events) => {
      const ceiling = new BatchCeiling();
      for (const { failed, windows, length } of events) {
        if (failed) {
          ceiling.ranOut(windows, windows * length);
        } else {
          ceiling.ranWell(windows, windows * length, settings);
        }
        const { maxBatchSize, maxBatchLength } = ceiling.within(settings);
        expect(maxBatchSize).toBeGreaterThanOrEqual(1);
        expect(maxBatchSize).toBeLessThanOrEqual(settings.maxBatchSize);
        expect(maxBatchLength).toBeGreaterThanOrEqual(1);
        expect(maxBatchLength).toBeLessThanOrEqual(settings.maxBatchLength);
      }
      // A thousand full batches for each doubling, of which there are twelve at most.
      for (let batch = 0; ceiling.isLowered && batch < 13 * 1024; batch++) {
        const { maxBatchSize, maxBatchLength } = ceiling.within(settings);
        ceiling.ranWell(maxBatchSize, maxBatchLength, settings);
      }
      expect(ceiling.isLowered).toBe(false);
    }),
    { numRuns: 50 },
  );
});

function runWell(ceiling: BatchCeiling, batches: number, windows: number, paddedLength: number): void {
  for (let batch = 0; batch < batches; batch++) {
    ceiling.ranWell(windows, paddedLength, settings);
  }
}
