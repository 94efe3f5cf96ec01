import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseGpuFacts, readGpuFacts } from "../../../src/health/gpu-facts.ts";
import { TemporaryFolder } from "../../helpers/temporary-folder.ts";

test("each row of the table is a GPU, in bytes and shares", () => {
  expect(
    parseGpuFacts("0, NVIDIA H200, 570.86.15, 1024, 143771, 37, 41\n1, NVIDIA H200, 570.86.15, 0, 143771, 0, 29\n"),
  ).toEqual([
    {
      index: 0,
      name: "NVIDIA H200",
      driverVersion: "570.86.15",
      memoryUsedBytes: 1024 * 1024 * 1024,
      memoryTotalBytes: 143_771 * 1024 * 1024,
      utilization: 0.37,
      temperatureCelsius: 41,
    },
    expect.objectContaining({ index: 1, memoryUsedBytes: 0, utilization: 0 }),
  ]);
});

test.each(["[N/A]", "N/A", "[Not Supported]", "[Insufficient Permissions]", "[Unknown Error]", "[GPU requires reset]"])(
  "%s is not known, as of a GPU that is cut into parts",
  (unknown) => {
    const [gpu] = parseGpuFacts(`0, NVIDIA A100, 550.54.15, ${unknown}, 81920, ${unknown}, ${unknown}`);
    expect(gpu).toMatchObject({ memoryUsedBytes: null, utilization: null, temperatureCelsius: null });
    expect(gpu?.memoryTotalBytes).toBe(81_920 * 1024 * 1024);
  },
);

test("no row is no GPU", () => {
  expect(parseGpuFacts("\n")).toEqual([]);
});

test.each([
  "No devices were found",
  "0, NVIDIA H200, 570.86.15, 1024, 143771, 37",
  "0, NVIDIA H200, 570.86.15, 1024 MiB, 143771, 37, 41",
  "0, NVIDIA H200, 570.86.15, 1024, 143771, 37, 41, 5",
  "0, NVIDIA H200, 570.86.15, -1, 143771, 37, 41",
])("%s is refused", (row) => {
  expect(() => parseGpuFacts(row)).toThrow("nvidia-smi answered with");
});

test("without the command there is no GPU", async () => {
  expect(await readGpuFacts(1_000, "/nowhere/nvidia-smi")).toEqual([]);
});

test("the command is asked for exactly these columns", async () => {
  using folder = new TemporaryFolder();
  const script = `test "$1 $2" = "--query-gpu=index,name,driver_version,memory.used,memory.total,utilization.gpu,temperature.gpu --format=csv,noheader,nounits" && echo "0, Fake, 1.0, 1, 2, 3, 4"`;
  const [gpu] = await readGpuFacts(10_000, fakeCommand(folder, script));
  expect(gpu).toMatchObject({ index: 0, name: "Fake", temperatureCelsius: 4 });
});

test("a command that hangs is killed at the time limit, and one that fails is an error", async () => {
  using folder = new TemporaryFolder();
  await expect(readGpuFacts(50, fakeCommand(folder, "exec sleep 60"))).rejects.toThrow("was killed");
  await expect(readGpuFacts(10_000, fakeCommand(folder, "exit 9"))).rejects.toThrow("Command failed");
});

function fakeCommand({ path }: TemporaryFolder, script: string): string {
  const file = join(path, "nvidia-smi");
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o700);
  return file;
}
