import type { DeviceTiming } from "../device-timing.ts";
import type { ModelState } from "../events.ts";
import type { Precision } from "../precision.ts";
import type { GaugeReaders } from "./instruments.ts";
import { metricTable } from "./metric-table.ts";

/** A served model as metrics see it. */
export interface MeasuredModel {
  readonly identity: { readonly name: string; readonly version: string; readonly digest: string };
  readonly device: string;
  readonly precision: Precision;
  readonly deviceTiming: Pick<DeviceTiming, "kind" | "peakShare"> | null;
  readonly task: (typeof metricTable.queueAge.labels.task)[number];
  state(): ModelState;
  /** Windows that wait now. */
  readonly queueDepth: number;
  /** Milliseconds. */
  readonly oldestWaitMs: number;
  readonly hasFallenBack: boolean;
  readonly devicesSetAside: readonly string[];
  readonly processes: Readonly<Record<"active" | "spare" | "starting" | "fallback", number>>;
}

/** The memory of inference processes as metrics see it. */
export interface MeasuredMemory {
  readonly models: readonly {
    readonly model: string;
    readonly processes: readonly {
      readonly bytes: number;
      readonly limitBytes: number;
      readonly bytesPerSecond: number | null;
      readonly gpuBytes: number | null;
      readonly forecast: { readonly seconds: number } | null;
    }[];
    readonly isStopped: boolean;
  }[];
  readonly cgroup: { readonly usedBytes: number; readonly limitBytes: number } | null;
}

/** What the health watch knows, as metrics see it. */
export interface MeasuredHealth {
  readonly isReady: boolean;
  readonly checks: readonly { readonly name: string; readonly status: "ok" | "fail" }[];
  readonly eventLoopDelayMs: number;
  /** Null when it is not known. */
  readonly spoolFreeBytes: number | null;
  readonly host: { readonly totalBytes: number; readonly availableBytes: number };
  readonly gpus: readonly MeasuredGpu[];
}

/** Null is what the driver does not say. */
export interface MeasuredGpu {
  readonly index: number;
  readonly memoryUsedBytes: number | null;
  readonly memoryTotalBytes: number | null;
  readonly utilization: number | null;
  readonly temperatureCelsius: number | null;
}

/** What is asked when metrics are read, rather than counted as it happens. */
export interface MetricSources {
  readonly app: () => { readonly version: string; readonly model: string; readonly environment: string };
  readonly models: () => readonly MeasuredModel[];
  /** Task requests in flight now. */
  readonly activeRequests: () => number;
  /** Uploads under way, and the bytes on disk that they hold together. */
  readonly uploads: () => { readonly uploads: number; readonly bytes: number };
  readonly memory: () => MeasuredMemory;
  /** When the next of the valid API keys expires, in milliseconds since 1970; null when none does. */
  readonly nextKeyExpiry: () => number | null;
  readonly health: () => MeasuredHealth;
}

/** Says what each gauge shows that is not set as things happen. */
export function gaugeReaders(sources: MetricSources): GaugeReaders {
  const models = sources.models;
  const { states, roles } = { states: metricTable.modelState.labels.state, roles: metricTable.processes.labels.role };
  return {
    appInfo: () => [[{ ...sources.app() }, 1]],
    modelInfo: () =>
      models().map(({ identity: { name, version, digest }, device, precision }) => [
        { name, version, digest, device, precision },
        1,
      ]),
    devicePeakRatio: () =>
      models().flatMap(({ identity, deviceTiming }) =>
        // A run that is too short to judge the device by says nothing here either.
        deviceTiming === null || deviceTiming.kind === "short"
          ? []
          : [[{ model_name: identity.name }, deviceTiming.peakShare] as const],
      ),
    modelState: () =>
      models().flatMap((model) =>
        states.map((state) => [{ model_name: model.identity.name, state }, model.state() === state ? 1 : 0] as const),
      ),
    providerFallenBack: () =>
      models().map(({ identity, hasFallenBack }) => [{ model_name: identity.name }, hasFallenBack ? 1 : 0]),
    devicesSetAside: () =>
      models().map(({ identity, devicesSetAside }) => [{ model_name: identity.name }, devicesSetAside.length]),
    processes: () =>
      models().flatMap(({ identity, processes }) =>
        roles.map((role) => [{ model_name: identity.name, role }, processes[role]] as const),
      ),
    activeRequests: () => [[{}, sources.activeRequests()]],
    queueDepth: () => models().map(({ identity, queueDepth }) => [{ model_name: identity.name }, queueDepth]),
    queueAge: () =>
      models().map(({ identity, task, oldestWaitMs }) => [{ model_name: identity.name, task }, oldestWaitMs / 1_000]),
    uploads: () => [[{}, sources.uploads().uploads]],
    spoolBytes: () => [[{}, sources.uploads().bytes]],
    ...memoryReaders(sources.memory),
    keyExpiry: () => {
      const next = sources.nextKeyExpiry();
      return next === null ? [] : [[{}, next / 1_000]];
    },
    ...healthReaders(sources.health),
  };
}

function memoryReaders(memory: MetricSources["memory"]): GaugeReaders {
  type Model = MeasuredMemory["models"][number];
  /** One sample for each model that has a value. */
  const ofModels = (valueOf: (model: Model) => number | null) => () =>
    memory().models.flatMap((model) => {
      const value = valueOf(model);
      return value === null ? [] : [[{ model_name: model.model }, value] as const];
    });
  const ofCgroup = (valueOf: (cgroup: NonNullable<MeasuredMemory["cgroup"]>) => number) => () => {
    const { cgroup } = memory();
    return cgroup === null ? [] : [[{}, valueOf(cgroup)] as const];
  };
  return {
    processMemory: ofModels(({ processes }) => greatest(processes.map(({ bytes }) => bytes))),
    processMemoryLimit: ofModels(({ processes }) => greatest(processes.map(({ limitBytes }) => limitBytes))),
    processGpuMemory: ofModels(({ processes }) => greatest(processes.map(({ gpuBytes }) => gpuBytes))),
    processMemoryGrowth: ofModels(({ processes }) => greatest(processes.map(({ bytesPerSecond }) => bytesPerSecond))),
    processMemoryExhaustion: ofModels(({ processes }) => {
      const soonest = greatest(processes.map(({ forecast }) => (forecast === null ? null : -forecast.seconds)));
      return soonest === null ? null : -soonest;
    }),
    memoryWatchStopped: ofModels(({ isStopped }) => (isStopped ? 1 : 0)),
    cgroupMemory: ofCgroup(({ usedBytes }) => usedBytes),
    cgroupMemoryLimit: ofCgroup(({ limitBytes }) => limitBytes),
  };
}

/** Null when there is no number among them. */
function greatest(values: readonly (number | null)[]): number | null {
  const numbers = values.filter((value) => value !== null);
  return numbers.length === 0 ? null : Math.max(...numbers);
}

function healthReaders(health: MetricSources["health"]) {
  const ofGpus = (valueOf: (gpu: MeasuredGpu) => number | null) => () =>
    health().gpus.flatMap((gpu) => {
      const value = valueOf(gpu);
      return value === null ? [] : [[{ gpu: String(gpu.index) }, value] as const];
    });
  return {
    serviceReady: () => [[{}, health().isReady ? 1 : 0]],
    healthCheck: () => health().checks.map(({ name, status }) => [{ check: name }, status === "ok" ? 1 : 0]),
    eventLoopDelay: () => [[{}, health().eventLoopDelayMs / 1_000]],
    spoolFree: () => {
      const { spoolFreeBytes } = health();
      return spoolFreeBytes === null ? [] : [[{}, spoolFreeBytes]];
    },
    hostMemory: () => [[{}, health().host.totalBytes]],
    hostMemoryAvailable: () => [[{}, health().host.availableBytes]],
    gpuMemoryUsed: ofGpus(({ memoryUsedBytes }) => memoryUsedBytes),
    gpuMemory: ofGpus(({ memoryTotalBytes }) => memoryTotalBytes),
    gpuUtilization: ofGpus(({ utilization }) => utilization),
    gpuTemperature: ofGpus(({ temperatureCelsius }) => temperatureCelsius),
  } satisfies GaugeReaders;
}
