import { loadConfig } from "../../src/config/load-config.ts";
import { usableBytes } from "../../src/hardware/device-limits.ts";
import { openHardware } from "../../src/hardware/hardware.ts";
import { gpuEnvironment } from "../../src/processes/gpu-environment.ts";
import { cpuCore } from "../../tools/voxtral-cost/machines.ts";

/** What a benchmark of GPUs computes on: the first GPU that the service would take, or the CPU. */
export interface BenchDevice {
  readonly provider: "cpu" | "cuda";
  /** Such as `NVIDIA H200`. */
  readonly name: string;
  /** As the driver names it; null on the CPU. */
  readonly uuid: string | null;
  /** What memory allows to be read. */
  readonly bytesPerSecond: number;
  /** What processes may take of its memory together; null on the CPU. */
  readonly usableBytes: number | null;
  /** What a process needs to compute there, besides this one's environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** What a reader has to know before any figure. */
  readonly notes: readonly string[];
}

/** Judges the machine as the service does, with the settings that it would have. */
export async function findBenchDevice(): Promise<BenchDevice> {
  const { profile, devices, cudaProblem, onnxRuntime } = await openHardware(loadConfig().config.hardware);
  const [device] = devices;
  if (profile.name === "cpu" || device === undefined || onnxRuntime === null) {
    const reason = cudaProblem?.detail ?? "there is no GPU";
    return {
      provider: "cpu",
      name: "CPU",
      uuid: null,
      bytesPerSecond: cpuCore.bandwidth,
      usableBytes: null,
      environment: {},
      notes: [`THIS RAN ON THE CPU (${reason}): it shows that the benchmark works, and says nothing of any GPU.`],
    };
  }
  const slice =
    device.migProfile === null ? [] : ["The device is a slice of a GPU, and the bandwidth that of all of it."];
  return {
    provider: "cuda",
    name: device.name,
    uuid: device.uuid,
    bytesPerSecond: profile.memoryBytesPerSecond,
    usableBytes: usableBytes(device.memoryBytes),
    environment: gpuEnvironment({ uuid: device.uuid, onnxRuntime: onnxRuntime.packageName }),
    notes: [
      `Computed on ${device.name}, profile ${profile.name}, driver ${device.driverVersion}, ONNX Runtime ${onnxRuntime.version}.`,
      ...slice,
    ],
  };
}
