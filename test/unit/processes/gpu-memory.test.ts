import { expect, test } from "vitest";
import { parseGpuMemory } from "../../../src/processes/gpu-memory.ts";

const gibibyte = 1024 ** 3;
const devices = "GPU-aa, 102400\nGPU-bb, 1024\n";

test("a process can grow by what its GPU has left", () => {
  const memory = parseGpuMemory(devices, "4711, GPU-aa, 2048\n4712, GPU-bb, 3072\n");
  expect([...memory]).toEqual([
    [4711, { usedBytes: 2 * gibibyte, limitBytes: 102 * gibibyte }],
    [4712, { usedBytes: 3 * gibibyte, limitBytes: 4 * gibibyte }],
  ]);
});

test("of a process on two GPUs the one with less room counts, in whatever order they come", () => {
  const rows = ["4711, GPU-aa, 2048", "4711, GPU-bb, 3072"];
  for (const order of [rows, rows.toReversed()]) {
    expect(parseGpuMemory(devices, order.join("\n")).get(4711)?.limitBytes).toBe(4 * gibibyte);
  }
});

test("rows that tell nothing are left out", () => {
  expect(parseGpuMemory(devices, "").size).toBe(0);
  expect(parseGpuMemory(devices, "4711, GPU-aa, [N/A]\n[N/A], GPU-aa, 5\n4713, GPU-unknown, 5\nnonsense\n").size).toBe(
    0,
  );
  expect(parseGpuMemory("GPU-aa, [N/A]\n", "4711, GPU-aa, 5\n").size).toBe(0);
});
