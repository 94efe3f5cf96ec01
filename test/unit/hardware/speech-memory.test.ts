import fc from "fast-check";
import { expect, test } from "vitest";
import { batchBytes, unitsWithin } from "../../../src/hardware/batch-need.ts";
import { restingBytes, usableBytes } from "../../../src/hardware/device-limits.ts";
import { type VoxtralRuns, voxtralBatchNeed, whisperBatchNeed } from "../../../src/hardware/speech-memory.ts";
import { mini3b } from "../../../tools/voxtral-cost/model-shape.ts";
import { modelBytes } from "../../../tools/voxtral-cost/weights.ts";

/** Windows of 30 s in float16, as a device runs them. */
const runs: VoxtralRuns = {
  cacheNumberBytes: 2,
  chunksPerRun: 4,
  promptTokens: 386,
  answerTokens: 391,
  tokensPerRead: 1_024,
  givesAllLogits: false,
  readsTogether: true,
};

test("a window of the 3B model takes its caches three times, and what reading it takes", () => {
  const { bytesPerUnit } = voxtralBatchNeed(mini3b, runs);
  const caches = 3 * 777 * 122_880;
  expect(bytesPerUnit).toBeGreaterThan(caches);
  expect(bytesPerUnit).toBeLessThan(1.6 * caches);
});

test("32 windows of the 3B model fit on every device that is sold, and on slices of a seventh fewer do", () => {
  const need = voxtralBatchNeed(mini3b, runs);
  const windowsOn = (memoryBytes: number, form: "fp16" | "q4f16"): number => {
    const resting = restingBytes({ graphBytes: modelBytes(mini3b, form), processes: 1 });
    return unitsWithin(usableBytes(memoryBytes) - resting, need);
  };
  expect(windowsOn(40e9, "fp16")).toBeGreaterThanOrEqual(32);
  expect(windowsOn(141e9, "fp16")).toBeGreaterThanOrEqual(200);
  const onSlice = windowsOn(10e9, "q4f16");
  expect(onSlice).toBeGreaterThanOrEqual(1);
  expect(onSlice).toBeLessThan(32);
});

test("longer windows, wider numbers and logits of all positions take more, never less", () => {
  const changes = fc.record({
    promptTokens: fc.integer({ min: 386, max: 30_000 }),
    answerTokens: fc.integer({ min: 391, max: 30_000 }),
    cacheNumberBytes: fc.constantFrom(2, 4),
    chunksPerRun: fc.integer({ min: 4, max: 8 }),
    givesAllLogits: fc.boolean(),
  });
  fc.assert(
    fc.property(changes, fc.integer({ min: 1, max: 64 }), (larger, windows) => {
      const base = batchBytes(voxtralBatchNeed(mini3b, runs), windows);
      expect(batchBytes(voxtralBatchNeed(mini3b, { ...runs, ...larger }), windows)).toBeGreaterThanOrEqual(base);
    }),
  );
});

test("prompts that are read one after another take the memory of reading once", () => {
  const [together, apart] = [true, false].map((readsTogether) => voxtralBatchNeed(mini3b, { ...runs, readsTogether }));
  expect(batchBytes(apart!, 1)).toBe(batchBytes(together!, 1));
  expect(batchBytes(apart!, 32)).toBeLessThan(batchBytes(together!, 32));
});

test("a Whisper takes as much for many windows as for one", () => {
  const need = whisperBatchNeed({
    audio: { width: 512, inner: 2_048, heads: 8, states: 1_500 },
    text: { width: 512, layers: 6, vocabulary: 51_865 },
    positions: 448,
  });
  expect(need.bytesPerUnit).toBe(0);
  expect(need.fixedBytes).toBeGreaterThan(2 * 8 * 1_500 ** 2 * 4);
  expect(need.fixedBytes).toBeLessThan(1e9);
});
