import fc from "fast-check";
import { expect, test } from "vitest";
import { memoryProblems } from "../../../src/hardware/check-memory.ts";
import {
  bytesPerBatchToken,
  contextBytes,
  mostBatchTokens,
  restingBytes,
  usableBytes,
} from "../../../src/hardware/device-limits.ts";
import { twoH200 } from "../../helpers/gpu-devices.ts";

const windowTokens = 128;
const needs = fc.record({
  graphBytes: fc.integer({ min: 1_000_000, max: 100_000_000_000 }),
  precision: fc.constantFrom("fp32" as const, "fp16" as const, "int8" as const, "int4" as const),
  processes: fc.integer({ min: 1, max: 64 }),
});

test("what all processes take with full batches never exceeds the device", () => {
  fc.assert(
    fc.property(needs, fc.integer({ min: 1_000_000_000, max: 200_000_000_000 }), (need, memoryBytes) => {
      const tokens = mostBatchTokens(memoryBytes, need, windowTokens);
      const batches = need.processes * tokens * bytesPerBatchToken(need, windowTokens);
      expect(tokens === 0 || restingBytes(need) + batches <= memoryBytes).toBe(true);
      expect(tokens === 0).toBe(
        usableBytes(memoryBytes) - restingBytes(need) < need.processes * bytesPerBatchToken(need, windowTokens),
      );
    }),
  );
});

test("a model takes no less room when it is larger or has more processes", () => {
  fc.assert(
    fc.property(needs, (need) => {
      const alone = mostBatchTokens(141e9, { ...need, processes: 1 }, windowTokens);
      expect(mostBatchTokens(141e9, { ...need, processes: 2 }, windowTokens)).toBeLessThanOrEqual(alone);
      const larger = { ...need, processes: 1, graphBytes: 2 * need.graphBytes };
      expect(mostBatchTokens(141e9, larger, windowTokens)).toBeLessThanOrEqual(alone);
    }),
  );
});

test("the bound holds for the shape of CamemBERT base, whose rows are 768 wide with 12 heads", () => {
  const rows = 4 * (12 * 768 + 12 * windowTokens);
  const bound = bytesPerBatchToken({ graphBytes: 85_000_000 * 4, precision: "fp32", processes: 1 }, windowTokens);
  expect(bound).toBeGreaterThan(rows);
});

test("models that need more together than a device has are named with what they need", () => {
  const small = { name: "small", graphBytes: 1e9, precision: "fp16", processes: 2 } as const;
  const huge = { name: "huge", graphBytes: 140e9, precision: "fp16", processes: 2 } as const;
  expect(memoryProblems(twoH200, [small])).toEqual([]);
  expect(memoryProblems(twoH200, [small, huge])).toEqual([
    expect.stringMatching(/^small, huge need 143\.1 GB .* GPU-aaaaaaaa-0000 has room for 135\.7 GB$/),
    expect.stringContaining("GPU-bbbbbbbb-1111"),
  ]);
  expect(restingBytes(small)).toBe(2 * (1e9 + contextBytes));
});
