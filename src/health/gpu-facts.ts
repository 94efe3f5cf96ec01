import { askNvidiaSmi, rowsOf } from "../processes/ask-nvidia-smi.ts";

/** One GPU as its driver sees it. Null is what the driver does not say, as of a GPU that is cut into parts (MIG). */
export interface GpuFacts {
  readonly index: number;
  readonly name: string;
  readonly driverVersion: string | null;
  readonly memoryUsedBytes: number | null;
  readonly memoryTotalBytes: number | null;
  /** Share of time in which it computed, 0 to 1. */
  readonly utilization: number | null;
  readonly temperatureCelsius: number | null;
}

const mebibyte = 1024 * 1024;
const fields = [
  "index",
  "name",
  "driver_version",
  "memory.used",
  "memory.total",
  "utilization.gpu",
  "temperature.gpu",
] as const;

/**
 * Asks NVIDIA's driver. Empty where its command is not installed.
 * @param timeoutMs after which the command is killed.
 * @throws Error when the command fails or says something else than it should.
 */
export async function readGpuFacts(timeoutMs: number, command = "nvidia-smi"): Promise<readonly GpuFacts[]> {
  const table = await askNvidiaSmi(`--query-gpu=${fields.join(",")}`, timeoutMs, command);
  return table === null ? [] : parseGpuFacts(table);
}

/**
 * The table of `nvidia-smi`, without header and units.
 * @throws Error at a row that is none: half-known facts are worse than old ones.
 */
export function parseGpuFacts(table: string): readonly GpuFacts[] {
  return rowsOf(table).map(parseRow);
}

function parseRow(values: readonly string[]): GpuFacts {
  const [index = "", name = "", driverVersion = "", used = "", total = "", utilization = "", temperature = ""] = values;
  if (values.length !== fields.length || !/^\d+$/.test(index) || name === "") {
    throw new Error("nvidia-smi answered with a row that is none");
  }
  return {
    index: Number(index),
    name,
    driverVersion: isUnknown(driverVersion) ? null : driverVersion,
    memoryUsedBytes: scaled(used, mebibyte),
    memoryTotalBytes: scaled(total, mebibyte),
    utilization: scaled(utilization, 0.01),
    temperatureCelsius: scaled(temperature, 1),
  };
}

/** `[N/A]`, `[Not Supported]`, `[Insufficient Permissions]`, `[Unknown Error]`, and `N/A` from older drivers. */
function isUnknown(value: string): boolean {
  return /^(\[.*\]|N\/A)$/.test(value);
}

function scaled(value: string, unit: number): number | null {
  if (isUnknown(value)) {
    return null;
  }
  if (!/^\d+(\.\d+)?$/.test(value)) {
    throw new Error("nvidia-smi answered with a value that is no number");
  }
  return Number(value) * unit;
}
