import { totalmem } from "node:os";
import type { EventBus, ReplacementOutcome } from "../events.ts";
import { type CgroupMemory, readCgroupMemory } from "./cgroup-memory.ts";
import { type GpuMemory, type GpuMemoryByPid, readGpuMemory } from "./gpu-memory.ts";
import { MemoryLedger, type ProcessObservation, type ProcessOutlook } from "./memory-ledger.ts";
import { automaticLimit, type MemoryNeed } from "./memory-limits.ts";
import { type ProcessMemory, readProcessMemory } from "./process-memory.ts";
import { ReplacementBreaker } from "./replacement-breaker.ts";
import type { ReadyProcess, ReplacementOrder } from "./supervisor.ts";

export interface MemorySettings {
  /** Between two looks, in milliseconds. */
  readonly sampleMs: number;
  /** Looks that a trend is made of. */
  readonly windowSamples: number;
  /** A process whose memory will be used up sooner is replaced, in seconds. */
  readonly horizonSeconds: number;
  /** Bytes that one process may take; `auto` leaves the number to the service. */
  readonly processLimitBytes: number | "auto";
  /** Of one model; 0 for none. */
  readonly maxReplacementsPerHour: number;
}

/** A model whose processes are watched. */
export interface WatchedModel {
  readonly identity: { readonly name: string };
  /** What it is computed on: `cpu`, or a provider that may have memory of its own. */
  readonly device: string;
  /** Memory of the smallest device that its processes may see; null on the CPU. */
  readonly deviceBytes: number | null;
  readonly memoryNeed: MemoryNeed;
  readonly readyProcesses: readonly ReadyProcess[];
  /** As `Supervisor.replace`, and `CpuStandby.replace` for a `fallback`. */
  replaceProcess(pid: number, order: ReplacementOrder): Promise<ReplacementOutcome>;
}

/** Where figures come from. */
export interface MemorySources {
  readonly processMemory: (pid: number) => ProcessMemory | null;
  readonly cgroupMemory: () => CgroupMemory | null;
  readonly gpuMemory: () => Promise<GpuMemoryByPid>;
  /** Of the machine, in bytes. */
  readonly machineBytes: () => number;
}

export interface MemoryWatchOptions {
  readonly models: () => readonly WatchedModel[];
  /** Read at every look, so that a reload takes effect with the next. */
  readonly settings: () => MemorySettings;
  readonly events: EventBus;
  readonly sources: MemorySources;
}

export interface ProcessStatistics extends ProcessOutlook {
  readonly pid: number;
  readonly role: ReadyProcess["role"];
}

export interface ModelMemory {
  readonly model: string;
  readonly processes: readonly ProcessStatistics[];
  /** Within the last hour. */
  readonly replacements: number;
  /** Nothing of this model is replaced any more, for an hour: it happened too often. */
  readonly isStopped: boolean;
}

/** What the last look saw. */
export interface MemoryStatistics {
  readonly models: readonly ModelMemory[];
  /** Null where no control group has a limit. */
  readonly cgroup: CgroupMemory | null;
}

/** Figures of the machine that this runs on. */
export const systemMemory: MemorySources = {
  processMemory: readProcessMemory,
  cgroupMemory: () => readCgroupMemory(),
  gpuMemory: readGpuMemory,
  machineBytes: totalmem,
};

/** A process of a model, as the last look saw it. */
interface Watched {
  readonly model: WatchedModel;
  readonly process: ReadyProcess;
  readonly outlook: ProcessOutlook;
}

/**
 * Looks at the memory of every inference process from time to time, and has one replaced before its memory is used up:
 * its successor first, if its GPU has room for both, and never two at once, whatever their models and devices. A model whose processes need that too often is left
 * alone for an hour, and somebody told.
 */
export class MemoryWatch {
  readonly #options: MemoryWatchOptions;
  readonly #ledger = new MemoryLedger();
  /** By model, not by name: a reloaded model is another one, and may have its fault no more. */
  #breakers = new Map<WatchedModel, ReplacementBreaker>();
  /** Pids whose forecast was told. */
  #told = new Set<number>();
  #watched: readonly Watched[] = [];
  #cgroup: CgroupMemory | null = null;
  #timer: NodeJS.Timeout | null = null;
  #isReplacing = false;
  #isFailing = false;
  #isClosed = false;

  constructor(options: MemoryWatchOptions) {
    this.#options = options;
  }

  start(): void {
    if (!this.#isClosed) {
      this.#timer = setTimeout(() => void this.#look(), this.#options.settings().sampleMs).unref();
    }
  }

  /** Looks no more. A replacement under way ends with its model. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer ?? undefined);
  }

  statistics(): MemoryStatistics {
    const now = performance.now();
    return {
      models: [...this.#breakers].map(([model, breaker]) => ({
        model: model.identity.name,
        processes: this.#watched
          .filter((each) => each.model === model)
          .map(({ process: { pid, role }, outlook }) => ({ pid, role, ...outlook })),
        replacements: breaker.count(now),
        isStopped: breaker.isOpen(now),
      })),
      cgroup: this.#cgroup,
    };
  }

  async #look(): Promise<void> {
    try {
      await this.#sample();
      this.#isFailing = false;
      this.#tellForecasts();
      this.#replaceMostUrgent();
    } catch (error) {
      // Told once in a row: the next look may succeed, and one that goes on failing has nothing new to say.
      if (!this.#isFailing) {
        this.#isFailing = true;
        this.#options.events.emit("error_occurred", { where: "memory_watch", error });
      }
    }
    this.start();
  }

  async #sample(): Promise<void> {
    const { models, sources, settings } = this.#options;
    const usesGpu = models().some(isOnGpu);
    const gpuMemory = usesGpu ? await sources.gpuMemory() : new Map<number, never>();
    const now = performance.now();
    const watched = models();
    this.#breakers = new Map(watched.map((model) => [model, this.#breakers.get(model) ?? new ReplacementBreaker()]));
    this.#cgroup = sources.cgroupMemory();
    const processes = watched.flatMap((model) => model.readyProcesses.map((process) => ({ model, process })));
    const observations = processes.flatMap(({ model, process }) => this.#observe(model, process, gpuMemory));
    const outlooks = this.#ledger.observe(now, observations, this.#cgroup, settings().windowSamples);
    this.#watched = processes.flatMap((each) => {
      const outlook = outlooks.get(each.process.pid);
      return outlook === undefined ? [] : [{ ...each, outlook }];
    });
    this.#told = new Set([...this.#told].filter((pid) => outlooks.has(pid)));
  }

  #observe(model: WatchedModel, { pid, role }: ReadyProcess, gpuMemory: GpuMemoryByPid): ProcessObservation[] {
    const memory = this.#options.sources.processMemory(pid);
    const hasSpare = role === "spare" || model.readyProcesses.some((other) => other.role === "spare");
    const limitBytes = this.#limitOf(model);
    const gpu = withinDevice(gpuMemory.get(pid) ?? null, model.deviceBytes);
    const computesOnGpu = isOnGpu(model) && role !== "fallback";
    return memory === null ? [] : [{ pid, bytes: memory.anonymousBytes, limitBytes, computesOnGpu, gpu, hasSpare }];
  }

  #limitOf({ memoryNeed }: WatchedModel): number {
    const { models, settings, sources } = this.#options;
    const { processLimitBytes } = settings();
    const machineBytes = Math.min(sources.machineBytes(), this.#cgroup?.limitBytes ?? Number.POSITIVE_INFINITY);
    const needs = models().map((model) => model.memoryNeed);
    return processLimitBytes === "auto" ? automaticLimit(memoryNeed, needs, machineBytes) : processLimitBytes;
  }

  /** Those whose memory will be used up within the horizon, the most urgent first. */
  #urgent(): Watched[] {
    const { horizonSeconds } = this.#options.settings();
    const secondsOf = ({ outlook }: Watched): number => outlook.forecast?.seconds ?? Number.POSITIVE_INFINITY;
    return this.#watched
      .filter((each) => secondsOf(each) <= horizonSeconds)
      .toSorted((one, other) => secondsOf(one) - secondsOf(other));
  }

  #tellForecasts(): void {
    for (const { model, process, outlook } of this.#urgent()) {
      if (outlook.forecast !== null && !this.#told.has(process.pid)) {
        this.#told.add(process.pid);
        const { name } = model.identity;
        this.#options.events.emit("memory_forecast", { model: name, pid: process.pid, ...outlook.forecast });
      }
    }
  }

  #replaceMostUrgent(): void {
    if (this.#isReplacing || this.#isClosed) {
      return;
    }
    const urgent = this.#urgent().find(({ model }) => this.#mayReplace(model));
    if (urgent !== undefined) {
      void this.#replace(urgent);
    }
  }

  #mayReplace(model: WatchedModel): boolean {
    const now = performance.now();
    const { maxReplacementsPerHour } = this.#options.settings();
    const breaker = this.#breakers.get(model);
    // Who wants forecasts only is not to be told every hour that nothing is replaced.
    if (maxReplacementsPerHour === 0 || breaker === undefined || breaker.isOpen(now)) {
      return false;
    }
    const replacements = breaker.count(now);
    if (breaker.grant(now, maxReplacementsPerHour)) {
      return true;
    }
    this.#options.events.emit("memory_watch_stopped", { model: model.identity.name, replacements });
    return false;
  }

  async #replace({ model, process: { pid }, outlook }: Watched): Promise<void> {
    const { events } = this.#options;
    const facts = { model: model.identity.name, pid, reason: outlook.forecast?.resource ?? "process" } as const;
    const startedAt = performance.now();
    this.#isReplacing = true;
    events.emit("process_replacement_started", facts);
    try {
      const order = outlook.mustLeaveFirst ? "leave_first" : "successor_first";
      const outcome = await model.replaceProcess(pid, order);
      events.emit("process_replaced", { ...facts, outcome, durationMs: performance.now() - startedAt });
    } catch (error) {
      events.emit("error_occurred", { where: "memory_watch", error });
    } finally {
      // Where it was not replaced, it is not tried again at once.
      this.#ledger.restart(pid);
      this.#isReplacing = false;
    }
  }
}

/** The driver tells what is free of a whole GPU: a process in a slice of it has the slice's memory at most. */
function withinDevice(gpu: GpuMemory | null, deviceBytes: number | null): GpuMemory | null {
  return gpu === null || deviceBytes === null ? gpu : { ...gpu, limitBytes: Math.min(gpu.limitBytes, deviceBytes) };
}

function isOnGpu({ device }: WatchedModel): boolean {
  return device !== "cpu" && device !== "none";
}
