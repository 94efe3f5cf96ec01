import fc from "fast-check";
import { expect, test } from "vitest";
import { bandwidthLimit, costBesidesBandwidth } from "../../../../bench/gpu/bandwidth-limit.ts";
import { mini3b } from "../../../../tools/voxtral-cost/model-shape.ts";
import { forms } from "../../../../tools/voxtral-cost/weights.ts";

const h200 = 4.8e12;

test("a step of the 3B model in fp16 reads its weights and the cache of the middle of the text", () => {
  const limit = bandwidthLimit(mini3b, "fp16", h200, { rows: 1, promptTokens: 383, tokens: 151 });
  // 7,223.0 MB of weights and 122,880 bytes for each of 458 positions, as docs/voxtral.md has them.
  expect(limit.bytesPerStep / 1e6).toBeCloseTo(7223 + 0.12288 * 458, 0);
  expect(limit.msPerStep).toBeCloseTo(limit.bytesPerStep / 4.8e9, 9);
  expect(limit.tokensPerSecond).toBeCloseTo(659, 0);
});

test("texts side by side share the weights, and each brings its own cache", () => {
  fc.assert(
    fc.property(fc.constantFrom(...forms), fc.integer({ min: 1, max: 64 }), (form, rows) => {
      const of = (each: number) => bandwidthLimit(mini3b, form, h200, { rows: each, promptTokens: 383, tokens: 127 });
      expect(of(rows).tokensPerSecond).toBeGreaterThanOrEqual(of(1).tokensPerSecond);
      expect(of(rows).tokensPerSecond).toBeLessThanOrEqual(rows * of(1).tokensPerSecond);
      const cache = of(2).bytesPerStep - of(1).bytesPerStep;
      expect(of(rows).bytesPerStep).toBeCloseTo(of(1).bytesPerStep + (rows - 1) * cache, 0);
    }),
  );
});

test("what a step costs besides bandwidth is 0 at the limit, and 1 where it takes twice as long", () => {
  const limit = bandwidthLimit(mini3b, "q4f16", h200, { rows: 8, promptTokens: 383, tokens: 127 });
  expect(costBesidesBandwidth(limit.msPerStep, limit)).toBe(0);
  expect(costBesidesBandwidth(2 * limit.msPerStep, limit)).toBeCloseTo(1, 12);
});
