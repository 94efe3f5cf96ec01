import { type DeviceNeed, restingBytes, usableBytes } from "./device-limits.ts";
import type { GpuDevice } from "./gpu-device.ts";

/** A model that is to be computed on the devices. */
export type PlacedModel = DeviceNeed & {
  readonly name: string;
};

/**
 * Why the models do not fit on the devices together, in plain words; empty when they do.
 * @param models `processes` are those on all devices together, which share them evenly.
 */
export function memoryProblems(devices: readonly GpuDevice[], models: readonly PlacedModel[]): string[] {
  const onEach = models.map((model) => ({ ...model, processes: Math.ceil(model.processes / devices.length) }));
  const bytes = onEach.reduce((total, need) => total + restingBytes(need), 0);
  const names = models.map(({ name }) => name).join(", ");
  return devices
    .filter(({ memoryBytes }) => bytes > usableBytes(memoryBytes))
    .map(({ uuid, memoryBytes }) => {
      const room = `${gigabytes(usableBytes(memoryBytes))} GB`;
      return `${names} need ${gigabytes(bytes)} GB before they compute anything, and ${uuid} has room for ${room}`;
    });
}

function gigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(1);
}
