import { expect, test } from "vitest";
import { memoryProblems } from "../../../src/hardware/check-memory.ts";
import { bytesPerBatchToken, contextBytes, restingBytes } from "../../../src/hardware/device-limits.ts";
import { twoH200 } from "../../helpers/gpu-devices.ts";

const windowTokens = 128;
test("the bound holds for the shape of CamemBERT base, whose rows are 768 wide with 12 heads", () => {
  const rows = 4 * (12 * 768 + 12 * windowTokens);
  const bound = bytesPerBatchToken({ graphBytes: 85_000_000 * 4, precision: "fp32" }, windowTokens);
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
