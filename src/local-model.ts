import { randomUUID } from "node:crypto";
import { availableParallelism } from "node:os";
import type { Config } from "./config.ts";
import type { DeviceTiming } from "./device-timing.ts";
import { ServiceError } from "./errors.ts";
import { type EventBus, type ModelState, type ReplacementOutcome } from "./events.ts";
import { type BatchNeed, batchBytes, unitsWithin } from "./hardware/batch-need.ts";
import type { DeviceRoom, Lease } from "./hardware/device-room.ts";
import type { Hardware } from "./hardware/hardware.ts";
import { type PlannedModel, planModel } from "./hardware/plan-model.ts";
import {
  type AskedModel,
  askCanary,
  defaultTolerances,
  distanceBetween,
  noRecordedCanary,
  recordedAnswer,
} from "./health/canary.ts";
import type { ModelInternals } from "./health/monitored-model.ts";
import { ModelSeats, type SeatedStart } from "./model-seats.ts";
import type { Manifest } from "./model-store/manifest.ts";
import type { ModelFolder } from "./model-store/model-folder.ts";
import { deviceBytesOf, graphBytesOf, type ModelVariant, narrowTo } from "./model-store/model-variants.ts";
import { OperatorError } from "./operator-error.ts";
import type { Precision } from "./precision.ts";
import { InferenceProcess, type RunWindows } from "./processes/inference-process.ts";
import type { MemoryNeed } from "./processes/memory-limits.ts";
import type { WatchedModel } from "./processes/memory-watch.ts";
import { type ReadyProcess, type ReplacementOrder, Supervisor } from "./processes/supervisor.ts";
import type { ClientKey } from "./scheduler/request-context.ts";
import { Scheduler } from "./scheduler/scheduler.ts";
import type { SchedulerOptions, SchedulerSettings } from "./scheduler/scheduler-options.ts";
import type { ModelCommon, ModelIdentity } from "./tasks/served-model.ts";
import { windowTokens } from "./text/window-tokens.ts";

export type ModelConfig = Config["models"][number];

/** What every served model is made from. */
export interface LocalModelOptions {
  /** Verified against its manifest. */
  readonly folder: ModelFolder;
  readonly settings: ModelConfig;
  /** The configuration of now. */
  readonly config: () => Config;
  readonly hardware: Hardware;
  /** Of the hardware's devices, shared by all models. */
  readonly room: DeviceRoom;
  readonly events: EventBus;
}

/** Where batches run. */
export interface BatchPlace {
  /** Not on the CPU, nor fallen back to it. */
  readonly isOnGpu: boolean;
  /** Of the largest batch for which its device has room; no limit on the CPU. */
  readonly maxUnits: number;
}

/** How the windows of a task are scheduled. */
export interface Scheduling
  extends Omit<SchedulerOptions, "model" | "modelId" | "version" | "events" | "cpu" | "settings"> {
  readonly batchNeed: BatchNeed;
  /** Of a run that is timed: by tokens of text, or by chunks of audio. */
  readonly timedNeed: BatchNeed;
  /** Of the largest batch by the settings of now. */
  readonly wantedUnits: () => number;
  readonly settings: (place: BatchPlace) => SchedulerSettings;
}

/** `instances: auto` starts no more than this many, each of which holds the model in memory. */
const maxAutoInstances = 16;
/** Suggested wait of a client that came before the model was loaded, in milliseconds. */
const loadingRetryAfterMs = 1000;

/** Loading 3 GB and running them once took 50 s on a busy machine; a slow disk may take longer. */
const loadMsPerByte = 120_000 / 1e9;

const inferenceEntry = new URL("./inference/main.ts", import.meta.url);

/** What served models of all tasks have in common: supervised processes on this machine, and the scheduler before them. */
export abstract class LocalModel implements ModelCommon, ModelInternals, WatchedModel {
  readonly id = randomUUID();
  readonly identity: ModelIdentity;
  readonly settings: ModelConfig;
  protected readonly scheduler: Scheduler;
  /** Inference processes that take windows. */
  protected readonly instances: number;
  /** What it is meant to be computed on; it may have to fall back. */
  protected readonly plannedProvider: PlannedModel["provider"];
  readonly folder: ModelFolder;
  readonly #supervisor: Supervisor;
  readonly #config: () => Config;
  readonly #events: EventBus;
  readonly #plan: PlannedModel;
  readonly #seats: ModelSeats;
  readonly #room: DeviceRoom;
  readonly #scheduling: Scheduling;
  /** Null on the CPU, and before the start. */
  #lease: Lease | null = null;
  /** Requests that were let in and are not finished. */
  #holds = 0;
  #released: PromiseWithResolvers<void> | null = null;

  /** @throws OperatorError when it cannot be computed where the settings want it. */
  protected constructor(options: LocalModelOptions, schedulingOf: (plan: PlannedModel) => Scheduling) {
    const { folder, settings, config, events, hardware, room } = options;
    const { name, version } = folder.manifest;
    this.#plan = placeModel(options);
    this.plannedProvider = this.#plan.provider;
    this.#events = events;
    this.identity = { name, version, digest: folder.digest };
    this.folder = folder;
    this.settings = settings;
    this.#config = config;
    this.instances = instancesOf(settings, this.#plan.provider === "cuda" ? this.#plan.devices.length : 0);
    this.#seats = new ModelSeats({
      model: name,
      modelId: this.id,
      plan: this.#plan,
      profile: hardware.profile,
      wanted: { instances: this.instances, spares: settings.spares },
      events,
      startProcess: (start) => this.#startProcess(start),
      maxTimedUnits: () => unitsWithin(this.#lease?.mostBytes ?? 0, this.#scheduling.timedNeed),
      objectionToAnswers: (run) => this.#objectionToAnswers(run),
      onPlaces: () => this.#supervisor.adjust(),
      onHopeless: (reason) => this.#supervisor.giveUp(reason),
    });
    const scheduling = schedulingOf(this.#plan);
    this.#room = room;
    this.#scheduling = scheduling;
    this.scheduler = new Scheduler({
      model: name,
      modelId: this.id,
      version,
      events,
      ...scheduling,
      cpu: this.#seats.cpu,
      settings: () => scheduling.settings({ isOnGpu: this.#seats.isOnGpu, maxUnits: this.#maxUnits() }),
    });
    this.#supervisor = new Supervisor({
      model: name,
      modelId: this.id,
      places: () => this.#seats.places,
      exchange: (instances, spares) => this.#seats.exchange(instances, spares),
      restart: () => config().processes,
      events,
      startProcess: () => this.#seats.start(),
      onInstance: (instance) => this.scheduler.addInstance(instance),
      onRetire: (instance) => this.scheduler.retire(instance),
      onState: (state) => this.#onState(state),
    });
  }

  get isRequired(): boolean {
    return this.settings.required;
  }

  get device(): string {
    return this.#supervisor.device ?? "none";
  }

  get cudaRuntime(): string | null {
    return this.#plan.provider === "cuda" && this.device === "cuda" ? this.#plan.onnxRuntime.version : null;
  }

  /** Of the graphs that it is computed with. */
  get precision(): Precision {
    return this.#seats.variant.precision;
  }

  get deviceTiming(): DeviceTiming | null {
    return this.#seats.deviceTiming;
  }

  get deviceBytes(): number | null {
    return this.#plan.provider === "cuda"
      ? Math.min(...this.#plan.devices.map(({ memoryBytes }) => memoryBytes))
      : null;
  }

  get memoryNeed(): MemoryNeed {
    const graphBytes = graphBytesOf(this.#seats.variant);
    const processes = this.instances + this.settings.spares;
    return this.#seats.mayUseCpu
      ? { graphBytes: Math.max(graphBytes, graphBytesOf(this.#plan.cpuVariant)), processes: processes + 1 }
      : { graphBytes, processes };
  }

  /** Windows that wait for an instance. */
  get queueDepth(): number {
    return this.scheduler.queueDepth;
  }

  /** For how long the job that has waited longest has done so, in milliseconds; 0 when none waits. */
  get oldestWaitMs(): number {
    return this.scheduler.oldestWaitMs;
  }

  /** Its inference processes by what they do now. */
  get processes(): Supervisor["counts"] & { readonly fallback: number } {
    return { ...this.#supervisor.counts, fallback: this.#seats.cpu?.pids.length ?? 0 };
  }

  get readyProcesses(): readonly ReadyProcess[] {
    return [...this.#supervisor.readyProcesses, ...(this.#seats.cpu?.readyProcesses ?? [])];
  }

  /** As `Supervisor.replace`, with the successor in the place of the old process; as `CpuStandby.replace` beside a device. */
  replaceProcess(pid: number, order: ReplacementOrder): Promise<ReplacementOutcome> {
    const { cpu } = this.#seats;
    return cpu?.pids.includes(pid) === true
      ? cpu.replace(pid)
      : this.#seats.replace(pid, () => this.#supervisor.replace(pid, order));
  }

  state(): ModelState {
    return this.#supervisor.state;
  }

  /** Why it is not ready, for the operator; empty when it is. */
  stateDetail(): string {
    return this.#supervisor.problem() ?? "";
  }

  deviceDetail(): string {
    const { firstDevice, devices } = this.#supervisor;
    const others = devices.filter((device) => device !== firstDevice);
    return others.length === 0 ? "" : `it is computed on ${others.join(", ")} instead of ${firstDevice}`;
  }

  /** It is computed on the CPU, and should be on a GPU. */
  get hasFallenBack(): boolean {
    return this.#seats.hasFallenBack;
  }

  get devicesSetAside(): readonly string[] {
    return this.#seats.devicesSetAside;
  }

  get pids(): readonly number[] {
    return [...this.#supervisor.pids, ...(this.#seats.cpu?.pids ?? [])];
  }

  stalledMs(now: number): number {
    return this.scheduler.stalledMs(now);
  }

  get movedAt(): number {
    return this.scheduler.movedAt;
  }

  get cpuAnswers(): number {
    return this.scheduler.cpuAnswers;
  }

  isWaiting(client: ClientKey): boolean {
    return this.scheduler.isWaiting(client);
  }

  get patienceMs(): number {
    return this.#config().processes.runLimitFactor * this.scheduler.longestRunMs(this.longestWindow);
  }

  get longestStepMs(): number {
    return 0;
  }

  /** In tokens or frames. */
  protected abstract get longestWindow(): number;

  /** The model as one of its processes computes it, past the queue. */
  protected abstract computedBy(run: RunWindows): AskedModel;

  /** The refusal of every request in its present state; null when it is ready. */
  protected stateRefusal(): ServiceError | null {
    switch (this.state()) {
      case "ready":
        return null;
      case "loading":
        return new ServiceError("model_loading", "The model is being loaded. Try again in a moment.", {
          retryAfterMs: loadingRetryAfterMs,
        });
      case "circuit_open":
        return new ServiceError("circuit_open", "The model cannot be started at present.", {
          retryAfterMs: Math.max(loadingRetryAfterMs, this.#supervisor.retryInMs),
        });
      case "stopped":
        return new ServiceError("draining", "The model is being stopped.", { retryAfterMs: loadingRetryAfterMs });
    }
  }

  refusal(client: ClientKey): ServiceError | null {
    return this.stateRefusal() ?? this.scheduler.refusal(client);
  }

  hold(): () => void {
    this.#holds++;
    let isHeld = true;
    return () => {
      if (isHeld) {
        isHeld = false;
        this.#holds--;
        if (this.#holds === 0) {
          this.#released?.resolve();
        }
      }
    };
  }

  /**
   * Takes its part of the devices and starts its processes, of which `state` tells when one is ready.
   * @throws Error when what it needs besides them cannot be used.
   */
  start(): Promise<void> {
    this.#seats.tellPlan();
    if (this.#plan.provider === "cuda" && this.folder.manifest.canary === undefined) {
      this.#events.emit("device_is_unproven", { model: this.identity.name, detail: noRecordedCanary });
    }
    this.#lease = this.#enterRoom();
    this.#supervisor.start();
    return Promise.resolve();
  }

  /** Waits for the requests that it was let in for, then stops the processes. */
  async close(): Promise<void> {
    if (this.#holds > 0) {
      this.#released ??= Promise.withResolvers();
      await this.#released.promise;
    }
    await this.scheduler.drained();
    await Promise.all([this.#supervisor.stop(), this.#seats.close()]);
    this.#lease?.leave();
  }

  /** SIGKILL to its processes, for a shutdown that cannot wait. */
  kill(): void {
    this.#supervisor.kill();
    this.#seats.kill();
  }

  /** Units of a batch for which its devices have room. */
  #maxUnits(): number {
    return this.#lease === null ? Number.POSITIVE_INFINITY : unitsWithin(this.#lease.bytes, this.#scheduling.batchNeed);
  }

  /** Why a process on a device must not be used after what it says to the canary; null when it may be. */
  async #objectionToAnswers(run: RunWindows): Promise<string | null> {
    const { manifest } = this.folder;
    const expected = recordedAnswer(manifest);
    if (expected === null) {
      return null;
    }
    try {
      const answer = await askCanary(this.computedBy(run), startTimeoutMs(this.#plan.variant, this.#config()));
      const tolerance = manifest.canary?.tolerance ?? defaultTolerances[expected.kind];
      const distance = distanceBetween(answer, expected);
      return distance <= tolerance
        ? null
        : `its answer to the canary is ${distance.toFixed(2)} off the one recorded on a CPU, of ${tolerance} at most`;
    } catch (error) {
      if (error instanceof ServiceError && error.code === "invalid_prediction") {
        return "its answer to the canary is no valid prediction";
      }
      throw error;
    }
  }

  #enterRoom(): Lease | null {
    if (this.#plan.provider === "cpu") {
      return null;
    }
    const processes = this.instances + this.settings.spares;
    const { batchNeed, wantedUnits } = this.#scheduling;
    return this.#room.enter({
      graphBytes: deviceBytesOf(this.#plan.variant),
      processes: Math.ceil(processes / this.#plan.devices.length),
      wantedBytes: () => batchBytes(batchNeed, wantedUnits()),
    });
  }

  #startProcess(start: SeatedStart): InferenceProcess {
    return startProcess(this.folder, this.settings, this.#config(), this.#events, start);
  }

  #onState(state: ModelState): void {
    const refusal = this.stateRefusal();
    if (state === "circuit_open" && refusal !== null) {
      this.scheduler.failAll(refusal);
    }
  }
}

/**
 * What is read besides the graphs must be in the manifest, or it would be used unverified.
 * @throws OperatorError that names the files that are not.
 */
export function requireListed({ path, manifest }: ModelFolder, filesInUse: readonly string[]): void {
  const listed = new Set(manifest.files.map((file) => file.path));
  const unlisted = filesInUse.filter((file) => !listed.has(file));
  if (unlisted.length > 0) {
    throw new OperatorError(`the manifest of model folder ${path} does not list ${unlisted.join(", ")}`);
  }
}

/** Inference processes that take batches. On GPUs: one each, if that is left to the service. */
export function instancesOf({ instances, intraOpNumThreads }: ModelConfig, gpus: number): number {
  if (instances !== "auto") {
    return instances;
  }
  const places = gpus > 0 ? gpus : availableParallelism() / intraOpNumThreads;
  return Math.min(maxAutoInstances, Math.max(1, Math.floor(places)));
}

/** As `planModel` does, from the settings of a model. */
export function planFromSettings(
  manifest: Manifest,
  settings: ModelConfig,
  hardware: Hardware,
  requireGpu: boolean,
): ReturnType<typeof planModel> {
  const model = {
    ...settings,
    manifest,
    gpuProcesses: instancesOf(settings, hardware.devices.length) + settings.spares,
    windowTokens: manifest.task === "text-classification" ? windowTokens : 0,
  };
  return planModel(model, hardware, requireGpu);
}

function placeModel({ folder: { manifest }, settings, config, hardware }: LocalModelOptions): PlannedModel {
  const plan = planFromSettings(manifest, settings, hardware, config().hardware.requireGpu);
  if ("problem" in plan) {
    throw new OperatorError(`${manifest.name} cannot be computed as it should be: ${plan.problem}`);
  }
  return plan;
}

function startTimeoutMs(variant: ModelVariant, { processes }: Config): number {
  return Math.max(processes.startTimeoutMs, graphBytesOf(variant) * loadMsPerByte);
}

function startProcess(
  { path, manifest }: ModelFolder,
  settings: ModelConfig,
  config: Config,
  events: EventBus,
  { provider, variant, timing, ...start }: SeatedStart,
): InferenceProcess {
  const process: InferenceProcess = new InferenceProcess({
    entry: inferenceEntry,
    load: {
      type: "load",
      modelFolder: path,
      manifest: narrowTo(manifest, variant),
      session: { executionProvider: provider, intraOpNumThreads: settings.intraOpNumThreads },
      pluginModules: settings.plugins,
      ...(timing === null ? {} : { timing }),
    },
    ...start,
    startTimeoutMs: startTimeoutMs(variant, config),
    stopTimeoutMs: config.processes.stopTimeoutMs,
    niceness: config.processes.niceness,
    onOutput: (line) => events.emit("process_output", { model: manifest.name, pid: process.pid, line }),
  });
  return process;
}
