import { tmpdir } from "node:os";
import type { Config } from "../config.ts";
import type { EventBus } from "../events.ts";
import { Collector } from "./collector.ts";
import { type DiskSpace, readDiskSpace } from "./disk-space.ts";
import { type GpuFacts, readGpuFacts } from "./gpu-facts.ts";
import { type MemoryFacts, minimalMemoryFacts, readMemoryFacts } from "./memory-facts.ts";
import { probeSpool, type SpoolState } from "./spool-probe.ts";

export interface MachineWatchOptions {
  readonly settings: () => Config["health"];
  /** The model of each inference process. */
  readonly modelPids: () => ReadonlyMap<number, string>;
  /** Folders of the served models; the disk of the first one is told. */
  readonly modelFolders: () => readonly string[];
  /** Whether a speech model is served: nothing else puts uploads on disk. */
  readonly takesUploads: () => boolean;
  readonly events: EventBus;
}

/** Facts are told with their age for so many periods after the last that could be collected. */
const keptPeriods = 6;

/** The driver takes a second to wake a GPU that nobody uses; a disk that needs as long is of no use. Milliseconds. */
const gpuTimeoutMs = 5_000;
const longestTimeoutMs = 2_000;

/** Collects facts about the machine, each apart from the others. */
export class MachineWatch {
  readonly gpu: Collector<readonly GpuFacts[]>;
  readonly memory: Collector<MemoryFacts>;
  readonly spool: Collector<SpoolState | null>;
  readonly modelDisk: Collector<DiskSpace | null>;
  readonly #settings: () => Config["health"];
  readonly #takesUploads: () => boolean;

  constructor({ settings, modelPids, modelFolders, takesUploads, events }: MachineWatchOptions) {
    this.#settings = settings;
    this.#takesUploads = takesUploads;
    const keepMs = (): number => keptPeriods * settings().periodMs;
    const timeoutMs = (): number => Math.min(longestTimeoutMs, settings().periodMs);
    this.gpu = new Collector({
      name: "gpu",
      collect: () => readGpuFacts(gpuTimeoutMs),
      minimal: () => [],
      timeoutMs: () => gpuTimeoutMs + timeoutMs(),
      keepMs,
      events,
    });
    this.memory = new Collector({
      name: "memory",
      collect: () => readMemoryFacts(modelPids()),
      minimal: minimalMemoryFacts,
      timeoutMs,
      keepMs,
      events,
    });
    this.spool = new Collector({
      name: "spool",
      collect: () => probeSpool(),
      minimal: () => null,
      timeoutMs,
      keepMs,
      // Readiness depends on it: tried in every period, which begins a little before its last failure is a period old.
      longestBackoffMs: () => settings().periodMs / 2,
      events,
    });
    this.modelDisk = new Collector({
      name: "model_disk",
      collect: () => readDiskSpace(modelFolders()[0] ?? tmpdir()),
      minimal: () => null,
      timeoutMs,
      keepMs,
      events,
    });
  }

  /** Makes one attempt at each that is wanted. Never throws. */
  async collect(): Promise<void> {
    const spool = this.#takesUploads() ? [this.spool] : [];
    await Promise.all([this.gpu, this.memory, this.modelDisk, ...spool].map((collector) => collector.collect()));
  }

  /**
   * Why uploads cannot be kept on disk; empty when they can, and before that was looked at. To write a file is what an
   * upload does: a disk that does not answer is no failure of monitoring alone.
   */
  spoolDetail(): string {
    const { facts, problem } = this.spool.latest();
    if (problem !== null) {
      return `the disk for uploads cannot be used: ${problem}`;
    }
    if (facts === null) {
      return "";
    }
    if (facts.writeProblem !== null) {
      return `nothing can be written to the disk for uploads (${facts.writeProblem})`;
    }
    const { minSpoolFreeBytes } = this.#settings();
    return facts.freeBytes < minSpoolFreeBytes
      ? `the disk for uploads has ${facts.freeBytes} bytes left of the ${minSpoolFreeBytes} that it should have`
      : "";
  }
}
