import type { Manifest } from "../model-store/manifest.ts";
import { defaultVariant, deviceBytesOf, furtherVariants, type ModelVariant } from "../model-store/model-variants.ts";
import type { Precision } from "../precision.ts";
import { bytesPerBatchToken, type DeviceNeed, restingBytes, usableBytes } from "./device-limits.ts";
import type { GpuDevice } from "./gpu-device.ts";

/** What one process of a model must have room for besides its graphs. */
export interface ProcessNeed {
  /** On one device, spares too. */
  readonly processes: number;
  /** Longest window of a model of texts; 0 of others, whose windows are not counted here. */
  readonly windowTokens: number;
}

/** The graphs for the CPU: the manifest's own, unless the setting wants another precision; null when it has none of it. */
export function variantForCpu(manifest: Manifest, setting: "auto" | Precision): ModelVariant | null {
  const variants = [defaultVariant(manifest), ...furtherVariants(manifest)];
  return variants.find(({ precision }) => setting === "auto" || precision === setting) ?? null;
}

/**
 * The graphs that a device may compute, the best first.
 * @param order precisions that are for it, the best first; the setting leaves one of them.
 */
export function variantsForDevice(
  manifest: Manifest,
  order: readonly Precision[],
  setting: "auto" | Precision,
): readonly ModelVariant[] {
  // Of the same precision, those that were put there for devices.
  const variants = [...furtherVariants(manifest), defaultVariant(manifest)];
  return order
    .filter((precision) => setting === "auto" || precision === setting)
    .flatMap((precision) => variants.find((variant) => variant.precision === precision) ?? []);
}

/** The first that every device has room for: for its graphs and a window in each process. */
export function firstWithRoom(
  variants: readonly ModelVariant[],
  devices: readonly GpuDevice[],
  need: ProcessNeed,
): ModelVariant | null {
  const room = roomOf(devices);
  return variants.find((variant) => bytesOf(variant, need) <= room) ?? null;
}

/** Why none of these has room, in plain words. */
export function describeNoRoom(
  variants: readonly ModelVariant[],
  devices: readonly GpuDevice[],
  need: ProcessNeed,
): string {
  const needs = variants.map((variant) => `${variant.precision} needs ${gigabytes(bytesOf(variant, need))} GB`);
  const processes = need.processes === 1 ? "one process" : `${need.processes} processes`;
  return `a device has room for ${gigabytes(roomOf(devices))} GB, but with ${processes} on it ${needs.join(", ")}`;
}

function roomOf(devices: readonly GpuDevice[]): number {
  return usableBytes(Math.min(...devices.map(({ memoryBytes }) => memoryBytes)));
}

function bytesOf(variant: ModelVariant, { processes, windowTokens }: ProcessNeed): number {
  const { precision } = variant;
  const need: DeviceNeed = { graphBytes: deviceBytesOf(variant), precision, processes };
  return restingBytes(need) + processes * windowTokens * bytesPerBatchToken(need, windowTokens);
}

function gigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(1);
}
