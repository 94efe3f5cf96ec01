import { askNvidiaSmi, rowsOf } from "./ask-nvidia-smi.ts";

/** Memory of one process on its GPU. */
export interface GpuMemory {
  readonly usedBytes: number;
  /** What it has, and what nobody has: as far as it can grow. */
  readonly limitBytes: number;
}

/** By pid. Empty without a GPU, and where the driver cannot tell whose memory is whose, as in some containers. */
export type GpuMemoryByPid = ReadonlyMap<number, GpuMemory>;

/** A driver in trouble answers late or never. Milliseconds. */
const timeoutMs = 5000;
const mebibyte = 1024 * 1024;

/** Asks the driver of NVIDIA. Where its command is not installed or fails, there is nothing to tell. */
export async function readGpuMemory(): Promise<GpuMemoryByPid> {
  try {
    const [devices, processes] = await Promise.all([
      askNvidiaSmi("--query-gpu=uuid,memory.free", timeoutMs),
      askNvidiaSmi("--query-compute-apps=pid,gpu_uuid,used_memory", timeoutMs),
    ]);
    return parseGpuMemory(devices ?? "", processes ?? "");
  } catch {
    return new Map();
  }
}

/**
 * From the two tables of `nvidia-smi`, in MiB. Rows that say `[N/A]` or anything else are left out; of a process on
 * several GPUs the one with the least room counts.
 */
export function parseGpuMemory(devices: string, processes: string): GpuMemoryByPid {
  const free = new Map(rowsOf(devices).map(([uuid = "", freeMib = ""]) => [uuid, mebibytes(freeMib)]));
  const memory = new Map<number, GpuMemory>();
  for (const [pidText = "", uuid = "", usedMib = ""] of rowsOf(processes)) {
    const usedBytes = mebibytes(usedMib);
    const freeBytes = free.get(uuid) ?? null;
    const pid = Number(pidText);
    const known = memory.get(pid);
    if (usedBytes !== null && freeBytes !== null && Number.isInteger(pid)) {
      if (known === undefined || freeBytes < known.limitBytes - known.usedBytes) {
        memory.set(pid, { usedBytes, limitBytes: usedBytes + freeBytes });
      }
    }
  }
  return memory;
}

function mebibytes(text: string): number | null {
  return /^\d+$/.test(text) ? Number(text) * mebibyte : null;
}
