import { expect, test } from "vitest";
import { GpuWatch, parseSample } from "../../../../bench/gpu/gpu-watch.ts";

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
