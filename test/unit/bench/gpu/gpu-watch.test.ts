import { chmodSync, existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import { GpuWatch, parseSample } from "../../../../bench/gpu/gpu-watch.ts";
import { waitUntil } from "../../../helpers/process-facts.ts";
import { TemporaryFolder } from "../../../helpers/temporary-folder.ts";

const devices = "GPU-1, 1000, 5000, 93\nGPU-2, 9000, 70, 2\n";
const mebibyte = 1024 * 1024;

test("the memory of the processes counts where the driver tells whose it is", () => {
  const processes = "11, GPU-1, 300\n12, GPU-1, 200\n99, GPU-1, 4000\n";
  expect(parseSample("GPU-1", [11, 12], devices, processes)).toEqual({
    busyShare: 0.93,
    bytes: 500 * mebibyte,
    memoryOf: "device memory of the processes",
  });
});

test("the memory of the device counts where it does not", () => {
  expect(parseSample("GPU-1", [11], devices, "")).toEqual({
    busyShare: 0.93,
    bytes: 5000 * mebibyte,
    memoryOf: "device memory of all processes",
  });
});

test("a driver that does not tell how busy a device is leaves it unknown", () => {
  expect(parseSample("MIG-1", [], "MIG-1, 1000, 500, [N/A]", "").busyShare).toBeNull();
});

test("without a device the resident memory of the processes is watched", async () => {
  const use = await new GpuWatch(null, () => [process.pid]).stop();
  expect(use).toMatchObject({ busyShare: null, memoryOf: "resident memory of the processes", samples: 1 });
  expect(use.highestBytes).toBeGreaterThan(10 * mebibyte);
});

test("what a device did before it was watched does not count", async () => {
  const folder = driverThatSays('[ -e "$0.begun" ] && echo "GPU-1, 1000, 500, 90" || echo "GPU-1, 1000, 500, 0"');
  const watch = new GpuWatch("GPU-1", () => []);
  await sleep(200);
  folder.write("nvidia-smi.begun", "");
  expect(await watch.stop()).toMatchObject({ busyShare: 0.9, samples: 1 });
});

test("a command that fails meanwhile is told at the end", async () => {
  const folder = driverThatSays('touch "$0.asked"; exit 9');
  const watch = new GpuWatch("GPU-1", () => []);
  await waitUntil(() => existsSync(join(folder.path, "nvidia-smi.asked")), "the driver was asked");
  await sleep(200);
  await expect(watch.stop()).rejects.toThrow("nvidia-smi failed");
});

/** Puts a program of one line where the driver's command is looked for. */
function driverThatSays(line: string): TemporaryFolder {
  const folder = new TemporaryFolder();
  chmodSync(folder.write("nvidia-smi", `#!/bin/sh\n${line}\n`), 0o755);
  vi.stubEnv("PATH", `${folder.path}:${process.env["PATH"]}`);
  onTestFinished(() => {
    vi.unstubAllEnvs();
    folder[Symbol.dispose]();
  });
  return folder;
}
