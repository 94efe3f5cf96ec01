import { setTimeout as sleep } from "node:timers/promises";
import { askNvidiaSmi, rowsOf } from "../../src/processes/ask-nvidia-smi.ts";
import { parseGpuMemory } from "../../src/processes/gpu-memory.ts";
import { residentMib } from "../process-facts.ts";
import { mean } from "../statistics.ts";

/** What was seen of a device while something ran on it. */
export interface GpuUse {
  /** Share of the time, 0 to 1, in which a kernel ran; null where the driver does not tell. */
  readonly busyShare: number | null;
  /** Highest memory of all watched processes together. */
  readonly highestBytes: number;
  /** Whose memory that is, and what kind. */
  readonly memoryOf:
    | "device memory of the processes"
    | "device memory of all processes"
    | "resident memory of the processes";
  readonly samples: number;
}

interface Sample {
  readonly busyShare: number | null;
  readonly bytes: number;
  readonly memoryOf: GpuUse["memoryOf"];
}

const intervalMs = 500;
const timeoutMs = 5000;
const mebibyte = 1024 * 1024;

/** Asks the driver about a device, or without one the kernel about processes, twice a second and when it is stopped. */
export class GpuWatch {
  readonly #stopped = new AbortController();
  readonly #samples: Sample[] = [];
  readonly #watching: Promise<void>;

  /**
   * @param uuid of the device; null: memory is resident memory, and nothing is busy.
   * @param pids of the processes whose memory counts, asked for at each look.
   */
  constructor(uuid: string | null, pids: () => readonly number[]) {
    this.#watching = this.#watch(uuid, pids);
    this.#watching.catch(() => {
      // Whoever stops it hears of it.
    });
  }

  /** @throws Error when the driver's command failed meanwhile. */
  async stop(): Promise<GpuUse> {
    this.#stopped.abort();
    await this.#watching;
    const shares = this.#samples.flatMap(({ busyShare }) => busyShare ?? []);
    return {
      busyShare: shares.length === 0 ? null : mean(shares),
      highestBytes: Math.max(...this.#samples.map(({ bytes }) => bytes)),
      memoryOf: this.#samples[0]?.memoryOf ?? "resident memory of the processes",
      samples: this.#samples.length,
    };
  }

  async #watch(uuid: string | null, pids: () => readonly number[]): Promise<void> {
    const { signal } = this.#stopped;
    do {
      // Before the first look, too: how busy a device is, the driver tells of the time before.
      await sleep(intervalMs, undefined, { signal }).catch(() => {
        // Stopped.
      });
      this.#samples.push(uuid === null ? ofKernel(pids()) : await ofDriver(uuid, pids()));
    } while (!signal.aborted);
  }
}

function ofKernel(pids: readonly number[]): Sample {
  const bytes = pids.reduce((total, pid) => total + residentMib(pid) * mebibyte, 0);
  return { busyShare: null, bytes, memoryOf: "resident memory of the processes" };
}

async function ofDriver(uuid: string, pids: readonly number[]): Promise<Sample> {
  const [devices, processes] = await Promise.all([
    askNvidiaSmi("--query-gpu=uuid,memory.free,memory.used,utilization.gpu", timeoutMs),
    askNvidiaSmi("--query-compute-apps=pid,gpu_uuid,used_memory", timeoutMs),
  ]);
  return parseSample(uuid, pids, devices ?? "", processes ?? "");
}

/** From the two tables of `nvidia-smi`, in MiB and per cent. In some containers no process can be told from another. */
export function parseSample(uuid: string, pids: readonly number[], devices: string, processes: string): Sample {
  const [, , usedMib = "", busy = ""] = rowsOf(devices).find(([each]) => each === uuid) ?? [];
  const memory = parseGpuMemory(devices, processes);
  const own = pids.flatMap((pid) => memory.get(pid)?.usedBytes ?? []);
  const busyShare = /^\d+$/.test(busy) ? Number(busy) / 100 : null;
  if (own.length > 0) {
    const bytes = own.reduce((total, each) => total + each, 0);
    return { busyShare, bytes, memoryOf: "device memory of the processes" };
  }
  const bytes = /^\d+$/.test(usedMib) ? Number(usedMib) * mebibyte : Number.NaN;
  return { busyShare, bytes, memoryOf: "device memory of all processes" };
}
