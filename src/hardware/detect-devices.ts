import { askNvidiaSmi, linesOf, listNvidiaDevices, rowsOf } from "../processes/ask-nvidia-smi.ts";
import type { GpuDevice } from "./gpu-device.ts";

const mebibyte = 1024 * 1024;
const fields = ["index", "uuid", "name", "compute_cap", "memory.total", "driver_version", "mig.mode.current"] as const;

/** A driver takes seconds to wake GPUs that nobody uses, and one in trouble never answers. Milliseconds. */
const timeoutMs = 10_000;

/** What the command says in place of a number that it does not get. */
const withheld = /^\[(Insufficient Permissions|N\/A|Not Supported)\]$/;

/** One GPU of the table, cut into slices or not; of one that is cut the memory is left out. */
interface Gpu extends GpuDevice {
  readonly index: number;
  readonly isCut: boolean;
}

/**
 * Asks NVIDIA's driver for what a process can be pinned to. Empty where its command is not installed.
 * @throws Error when the command fails or says something else than it should.
 */
export async function detectDevices(command?: string): Promise<readonly GpuDevice[]> {
  const table = await askNvidiaSmi(`--query-gpu=${fields.join(",")}`, timeoutMs, command);
  return table === null ? [] : parseDevices(table, (await listNvidiaDevices(timeoutMs, command)) ?? "");
}

/**
 * From the two answers of `nvidia-smi`: the table of GPUs, and the list in which each is followed by its slices. A GPU
 * that is cut into slices computes nothing itself.
 * @throws Error at a line that is none: half-known devices are worse than none.
 */
export function parseDevices(table: string, list: string): readonly GpuDevice[] {
  const slices = parseSlices(list);
  return rowsOf(table)
    .map(parseGpu)
    .flatMap(({ index, isCut, ...gpu }) => {
      const parts = (slices.get(index) ?? []).map((slice) => ({ ...gpu, ...slice }));
      return isCut ? parts : [gpu];
    });
}

function parseGpu(values: readonly string[]): Gpu {
  const [index = "", uuid = "", name = "", computeCapability = "", mebibytes = "", driverVersion = "", mig = ""] =
    values;
  const isRow =
    values.length === fields.length &&
    /^\d+$/.test(index) &&
    /^GPU-[0-9a-f-]+$/.test(uuid) &&
    name !== "" &&
    /^\d+\.\d+$/.test(computeCapability) &&
    /^\d+(\.\d+)+$/.test(driverVersion) &&
    /^(Enabled|Disabled|\[?N\/A\]?)$/.test(mig) &&
    // A container that was given a slice may not be told what the whole GPU has, which nothing is computed on.
    (/^\d+$/.test(mebibytes) || (mig === "Enabled" && withheld.test(mebibytes)));
  if (!isRow) {
    throw new Error("nvidia-smi answered with a row that is none");
  }
  const isCut = mig === "Enabled";
  const memoryBytes = isCut ? 0 : Number(mebibytes) * mebibyte;
  return { index: Number(index), uuid, name, computeCapability, memoryBytes, driverVersion, migProfile: null, isCut };
}

type Slice = Pick<GpuDevice, "uuid" | "memoryBytes" | "migProfile">;

/** Slices by the index of their GPU. */
function parseSlices(list: string): Map<number, Slice[]> {
  const slices = new Map<number, Slice[]>();
  let current: Slice[] | null = null;
  for (const line of linesOf(list)) {
    const gpu = /^GPU (\d+): .+ \(UUID: GPU-[0-9a-f-]+\)\s*$/.exec(line);
    const slice = /^\s+MIG (\S+)\s+Device\s+\d+: \(UUID: (MIG-[0-9A-Za-z/-]+)\)\s*$/.exec(line);
    if (gpu !== null) {
      current = [];
      slices.set(Number(gpu[1]), current);
    } else if (slice !== null && current !== null) {
      const [, migProfile = "", uuid = ""] = slice;
      current.push({ uuid, migProfile, memoryBytes: sliceMemory(migProfile) });
    } else {
      throw new Error("nvidia-smi listed something that is no device");
    }
  }
  return slices;
}

/** A slice is named for its memory in whole gigabytes, as in `1g.10gb`, `1c.3g.20gb` and `1g.10gb+me`. */
function sliceMemory(migProfile: string): number {
  const gigabytes = /\.(\d+)gb(\+[\w.]+)?$/.exec(migProfile)?.[1];
  if (gigabytes === undefined) {
    throw new Error("nvidia-smi listed a slice whose name does not tell its memory");
  }
  return Number(gigabytes) * 1e9;
}
