import type { MemoryResource } from "../events.ts";
import type { CgroupMemory } from "./cgroup-memory.ts";
import type { GpuMemory } from "./gpu-memory.ts";
import { type MemorySample, type MemoryTrend, memoryTrend, secondsToLimit } from "./memory-forecast.ts";

/** Memory that will be used up. */
export interface MemoryForecast {
  readonly resource: MemoryResource;
  readonly bytes: number;
  readonly limitBytes: number;
  readonly bytesPerSecond: number;
  /** Until the limit; 0 when it is reached. */
  readonly seconds: number;
}

/** One look at a process. */
export interface ProcessObservation {
  readonly pid: number;
  /** Of its own, in main memory. */
  readonly bytes: number;
  readonly limitBytes: number;
  readonly computesOnGpu: boolean;
  /** Null when it has none on a GPU, or nobody can tell: in a container the driver may name no process. */
  readonly gpu: GpuMemory | null;
  /** A spare is there to take its place: replacing it takes no further memory. */
  readonly hasSpare: boolean;
}

/** What is known of a process and its memory. */
export interface ProcessOutlook {
  readonly bytes: number;
  readonly limitBytes: number;
  /** Negative when it shrinks; null before there are enough samples. */
  readonly bytesPerSecond: number | null;
  /** On its GPU; null when it has none there. */
  readonly gpuBytes: number | null;
  /** The nearest end of memory; null when none is in sight. */
  readonly forecast: MemoryForecast | null;
  /** Its GPU has no room for a successor beside it, or nobody can tell, and no spare waits. */
  readonly mustLeaveFirst: boolean;
}

interface History {
  readonly samples: MemorySample[];
  readonly gpuSamples: MemorySample[];
  /** When it was seen first: about what its successor will take. */
  readonly firstBytes: number;
  /** The same on its GPU; 0 before it was seen there. */
  firstGpuBytes: number;
}

interface Growing {
  readonly pid: number;
  readonly trend: MemoryTrend;
}

/** Of the growth of a control group, the share that growing processes must explain: else others are to blame. */
const leastShareOfGrowth = 1 / 2;

/** Remembers the latest samples of each process and of the control group, and says where they lead. */
export class MemoryLedger {
  readonly #histories = new Map<number, History>();
  readonly #groupSamples: MemorySample[] = [];

  /**
   * Takes a look at all processes; one that is not among them is forgotten.
   * @param windowSamples Samples that a trend is made of. Half of them must be there before one is.
   * @returns What is known of each, by pid.
   */
  observe(
    atMs: number,
    processes: readonly ProcessObservation[],
    group: CgroupMemory | null,
    windowSamples: number,
  ): ReadonlyMap<number, ProcessOutlook> {
    this.#forgetOthers(processes);
    const trends = new Map<number, MemoryTrend | null>();
    const outlooks = new Map<number, ProcessOutlook>();
    for (const process of processes) {
      const history = this.#historyOf(process);
      remember(history.samples, { atMs, bytes: process.bytes }, windowSamples);
      const trend = trendOf(history.samples, windowSamples);
      trends.set(process.pid, trend);
      const forecasts = [
        forecastOf("process", trend, process.bytes, process.limitBytes),
        this.#gpuForecast(atMs, process.gpu, history, windowSamples),
      ];
      outlooks.set(process.pid, {
        bytes: process.bytes,
        limitBytes: process.limitBytes,
        bytesPerSecond: trend?.bytesPerSecond ?? null,
        gpuBytes: process.gpu?.usedBytes ?? null,
        forecast: nearest(forecasts),
        mustLeaveFirst: !process.hasSpare && process.computesOnGpu && isTooFull(process.gpu, history.firstGpuBytes),
      });
    }
    this.#blameGroup(atMs, group, processes, trends, outlooks, windowSamples);
    return outlooks;
  }

  /** Makes a process begin anew: it takes half a window until it can be forecast again. */
  restart(pid: number): void {
    this.#histories.delete(pid);
  }

  #forgetOthers(processes: readonly ProcessObservation[]): void {
    const pids = new Set(processes.map(({ pid }) => pid));
    for (const pid of this.#histories.keys()) {
      if (!pids.has(pid)) {
        this.#histories.delete(pid);
      }
    }
  }

  #historyOf({ pid, bytes }: ProcessObservation): History {
    const history = this.#histories.get(pid) ?? { samples: [], gpuSamples: [], firstBytes: bytes, firstGpuBytes: 0 };
    this.#histories.set(pid, history);
    return history;
  }

  #gpuForecast(atMs: number, gpu: GpuMemory | null, history: History, windowSamples: number): MemoryForecast | null {
    if (gpu === null) {
      return null;
    }
    history.firstGpuBytes ||= gpu.usedBytes;
    remember(history.gpuSamples, { atMs, bytes: gpu.usedBytes }, windowSamples);
    const trend = trendOf(history.gpuSamples, windowSamples);
    // Without growth a full GPU is no fault: its memory is given out in large blocks, once.
    return trend?.isGrowing === true ? forecastOf("gpu", trend, gpu.usedBytes, gpu.limitBytes) : null;
  }

  /** When the control group runs full, the process that grows fastest is the one to go. */
  #blameGroup(
    atMs: number,
    group: CgroupMemory | null,
    processes: readonly ProcessObservation[],
    trends: ReadonlyMap<number, MemoryTrend | null>,
    outlooks: Map<number, ProcessOutlook>,
    windowSamples: number,
  ): void {
    if (group === null) {
      this.#groupSamples.length = 0;
      return;
    }
    remember(this.#groupSamples, { atMs, bytes: group.usedBytes }, windowSamples);
    const trend = trendOf(this.#groupSamples, windowSamples);
    const growing = growingOnes(trends);
    const [fastest] = growing;
    const explained = growing.reduce((sum, each) => sum + each.trend.bytesPerSecond, 0);
    if (trend === null || fastest === undefined || explained < leastShareOfGrowth * trend.bytesPerSecond) {
      return;
    }
    const process = processes.find(({ pid }) => pid === fastest.pid);
    const reserveBytes = process?.hasSpare === true ? 0 : (this.#histories.get(fastest.pid)?.firstBytes ?? 0);
    const forecast = forecastOf("cgroup", trend, group.usedBytes, group.limitBytes - reserveBytes);
    const outlook = outlooks.get(fastest.pid);
    if (outlook !== undefined) {
      outlooks.set(fastest.pid, { ...outlook, forecast: nearest([outlook.forecast, forecast]) });
    }
  }
}

function isTooFull(gpu: GpuMemory | null, successorBytes: number): boolean {
  return gpu === null || gpu.limitBytes - gpu.usedBytes < successorBytes;
}

/** Fastest first. */
function growingOnes(trends: ReadonlyMap<number, MemoryTrend | null>): Growing[] {
  return [...trends]
    .flatMap(([pid, trend]) => (trend?.isGrowing === true ? [{ pid, trend }] : []))
    .toSorted((one, other) => other.trend.bytesPerSecond - one.trend.bytesPerSecond);
}

function remember(samples: MemorySample[], sample: MemorySample, count: number): void {
  samples.push(sample);
  samples.splice(0, samples.length - count);
}

function trendOf(samples: readonly MemorySample[], windowSamples: number): MemoryTrend | null {
  return samples.length < windowSamples / 2 ? null : memoryTrend(samples);
}

function forecastOf(
  resource: MemoryResource,
  trend: MemoryTrend | null,
  bytes: number,
  limitBytes: number,
): MemoryForecast | null {
  const seconds = trend === null ? null : secondsToLimit(trend, bytes, limitBytes);
  return trend === null || seconds === null
    ? null
    : { resource, bytes, limitBytes, bytesPerSecond: trend.bytesPerSecond, seconds };
}

function nearest(forecasts: readonly (MemoryForecast | null)[]): MemoryForecast | null {
  const [first] = forecasts.filter((each) => each !== null).toSorted((one, other) => one.seconds - other.seconds);
  return first ?? null;
}
