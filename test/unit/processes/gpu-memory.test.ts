import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { parseGpuMemory, readGpuMemory } from "../../../src/processes/gpu-memory.ts";
import { TemporaryFolder } from "../../helpers/temporary-folder.ts";

const gibibyte = 1024 ** 3;
const devices = "GPU-aa, 102400\nGPU-bb, 1024\n";

afterEach(() => {
  vi.unstubAllEnvs();
});

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

test("the driver's command is asked for devices and processes", async () => {
  using folder = new TemporaryFolder();
  const script = [
    "#!/bin/sh",
    'test "$2" = --format=csv,noheader,nounits || exit 9',
    'case "$1" in',
    "--query-gpu=uuid,memory.free) echo 'GPU-aa, 1024' ;;",
    "--query-compute-apps=pid,gpu_uuid,used_memory) echo '4711, GPU-aa, 2048' ;;",
    "*) exit 9 ;;",
    "esac",
  ];
  writeFileSync(join(folder.path, "nvidia-smi"), script.join("\n"), { mode: 0o755 });
  vi.stubEnv("PATH", folder.path);
  expect([...(await readGpuMemory())]).toEqual([[4711, { usedBytes: 2 * gibibyte, limitBytes: 3 * gibibyte }]]);
});

test("where the command is missing or fails, there is nothing to tell", async () => {
  using folder = new TemporaryFolder();
  vi.stubEnv("PATH", folder.path);
  expect((await readGpuMemory()).size).toBe(0);
  writeFileSync(join(folder.path, "nvidia-smi"), "#!/bin/sh\nexit 9\n", { mode: 0o755 });
  expect((await readGpuMemory()).size).toBe(0);
});
