import { randomUUID } from "node:crypto";
import { availableParallelism } from "node:os";
import type { Config } from "./config.ts";
import { ServiceError } from "./errors.ts";
import { type EventBus, isWantedExit, type ModelState, type ReplacementOutcome } from "./events.ts";
import { type BatchNeed, batchBytes, unitsWithin } from "./hardware/batch-need.ts";
import type { CudaProblem } from "./hardware/choose-cuda-runtime.ts";
import type { DeviceRoom, Lease } from "./hardware/device-room.ts";
import type { Hardware } from "./hardware/hardware.ts";
import { type DeviceSpeed, judgeTiming, operationsToTime } from "./hardware/judge-timing.ts";
import { ModelPlacement, type PlacementVerdict, type Seat, type SeatEnd } from "./hardware/model-placement.ts";
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
import type { Manifest } from "./model-store/manifest.ts";
import type { ModelFolder } from "./model-store/model-folder.ts";
import { graphBytesOf, type ModelVariant, narrowTo } from "./model-store/model-variants.ts";
import { OperatorError } from "./operator-error.ts";
import type { Precision } from "./precision.ts";
import { CpuStandby } from "./processes/cpu-standby.ts";
import type { VisibleGpu } from "./processes/gpu-environment.ts";
import {
  InferenceProcess,
  type InferenceProcessSettings,
  type ProcessExit,
  type RunWindows,
} from "./processes/inference-process.ts";
import type { MemoryNeed } from "./processes/memory-limits.ts";
import type { WatchedModel } from "./processes/memory-watch.ts";
import type { ReadyMessage, TimingOrder } from "./processes/protocol.ts";
import { type ReadyProcess, type ReplacementOrder, Supervisor } from "./processes/supervisor.ts";
import type { ClientKey } from "./scheduler/request-context.ts";
import { Scheduler, type SchedulerOptions, type SchedulerSettings } from "./scheduler/scheduler.ts";
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

/** How the windows of a task are scheduled. */
export interface Scheduling
  extends Omit<SchedulerOptions, "model" | "modelId" | "version" | "events" | "cpu" | "settings"> {
  readonly batchNeed: BatchNeed;
  /** Of the largest batch by the settings of now. */
  readonly wantedUnits: () => number;
  /** @param maxUnits of the largest batch for which its device has room; no limit on the CPU. */
  readonly settings: (maxUnits: number) => SchedulerSettings;
}

/** `instances: auto` starts no more than this many, each of which holds the model in memory. */
const maxAutoInstances = 16;
/** Suggested wait of a client that came before the model was loaded, in milliseconds. */
const loadingRetryAfterMs = 1000;

/** What a GPU has no memory for is computed on the CPU: how long the process for it waits for more, in milliseconds … */
const cpuIdleMs = 300_000;
/** … and how long none is started after one that did not get ready. */
const cpuRetryMs = 60_000;

/** Loading 3 GB and running them once took 50 s on a busy machine; a slow disk may take longer. */
const loadMsPerByte = 120_000 / 1e9;

const neverAborted = new AbortController().signal;

const inferenceEntry = new URL("./inference/main.ts", import.meta.url);

/** What served models of all tasks have in common: supervised processes on this machine, and the scheduler before them. */
export abstract class LocalModel implements ModelCommon, ModelInternals, WatchedModel {
  readonly id = randomUUID();
  readonly identity: ModelIdentity;
  readonly settings: ModelConfig;
  protected readonly scheduler: Scheduler;
  /** Inference processes that take windows. */
  protected readonly instances: number;
  readonly folder: ModelFolder;
  readonly #supervisor: Supervisor;
  readonly #config: () => Config;
  readonly #events: EventBus;
  readonly #hardware: Hardware;
  readonly #plan: PlannedModel;
  readonly #placement: ModelPlacement;
  readonly #room: DeviceRoom;
  readonly #scheduling: Scheduling;
  /** Null on the CPU, and before the start. */
  #lease: Lease | null = null;
  /** By pid. */
  readonly #seats = new Map<number, Seat>();
  /** Null where there is nothing to fall back from, or no leave to. */
  readonly #cpu: CpuStandby | null;
  /** Of the processes that start now. */
  #variant: ModelVariant;
  #deviceTiming: DeviceSpeed | null = null;
  /** Requests that were let in and are not finished. */
  #holds = 0;
  #released: PromiseWithResolvers<void> | null = null;

  /** @throws OperatorError when it cannot be computed where the settings want it. */
  protected constructor(options: LocalModelOptions, schedulingOf: (plan: PlannedModel) => Scheduling) {
    const { folder, settings, config, events, hardware, room } = options;
    const { name, version } = folder.manifest;
    this.#plan = placeModel(options);
    this.#variant = this.#plan.variant;
    this.#events = events;
    this.#hardware = hardware;
    this.identity = { name, version, digest: folder.digest };
    this.folder = folder;
    this.settings = settings;
    this.#config = config;
    this.instances = instancesOf(settings, this.#plan.provider === "cuda" ? this.#plan.devices.length : 0);
    this.#placement = new ModelPlacement(this.#plan, { instances: this.instances, spares: settings.spares });
    const mayFallBack = this.#plan.provider === "cuda" && this.#plan.mayFallBack;
    this.#cpu = mayFallBack ? this.#createCpuStandby() : null;
    const scheduling = schedulingOf(this.#plan);
    this.#room = room;
    this.#scheduling = scheduling;
    this.scheduler = new Scheduler({
      model: name,
      modelId: this.id,
      version,
      events,
      ...scheduling,
      cpu: this.#cpu,
      settings: () => scheduling.settings(this.#maxUnits()),
    });
    this.#supervisor = new Supervisor({
      model: name,
      modelId: this.id,
      places: () => this.#placement.places(performance.now()),
      exchange: (instances, spares) =>
        this.#placement.exchange(instances, spares, ({ pid }) => this.#seats.get(pid) ?? null),
      restart: () => config().processes,
      events,
      startProcess: () => this.#startProcess(),
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
    return this.#variant.precision;
  }

  /** What the last process to get ready found out about its device; null where nothing was timed. */
  get deviceTiming(): DeviceSpeed | null {
    return this.#deviceTiming;
  }

  get memoryNeed(): MemoryNeed {
    return { graphBytes: graphBytesOf(this.#variant), processes: this.instances + this.settings.spares };
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
    return { ...this.#supervisor.counts, fallback: this.#cpu?.pids.length ?? 0 };
  }

  get readyProcesses(): readonly ReadyProcess[] {
    return this.#supervisor.readyProcesses;
  }

  /** As `Supervisor.replace`. The successor takes the place of the old process. */
  async replaceProcess(pid: number, order: ReplacementOrder): Promise<ReplacementOutcome> {
    const seat = this.#seats.get(pid);
    if (seat === undefined) {
      return this.#supervisor.replace(pid, order);
    }
    this.#placement.leaves(seat);
    try {
      return await this.#supervisor.replace(pid, order);
    } finally {
      this.#placement.stays(seat);
    }
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

  get devicesSetAside(): readonly string[] {
    return this.#placement.setAside;
  }

  get pids(): readonly number[] {
    return [...this.#supervisor.pids, ...(this.#cpu?.pids ?? [])];
  }

  stalledMs(now: number): number {
    return this.scheduler.stalledMs(now);
  }

  get movedAt(): number {
    return this.scheduler.movedAt;
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

  /** In tokens or frames. Of models of texts it is asked for before they are built. */
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
    if (this.#plan.provider === "cpu" && this.#plan.fallback !== null) {
      this.#tellFallback(this.#plan.fallback);
    }
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
    await Promise.all([this.#supervisor.stop(), this.#cpu?.stop()]);
    this.#lease?.leave();
  }

  /** SIGKILL to its processes, for a shutdown that cannot wait. */
  kill(): void {
    this.#supervisor.kill();
    this.#cpu?.kill();
  }

  /** Units of a batch for which its devices have room. */
  #maxUnits(): number {
    return this.#lease === null ? Number.POSITIVE_INFINITY : unitsWithin(this.#lease.bytes, this.#scheduling.batchNeed);
  }

  /** What a process in this place is to time before it is ready; null on the CPU. */
  #timingOrder({ provider }: Seat): TimingOrder | null {
    const { profile } = this.#hardware;
    return provider === "cpu" || profile.name === "cpu"
      ? null
      : { operations: operationsToTime(profile), maxTokens: Math.max(this.longestWindow, this.#maxUnits()) };
  }

  /** Why a process whose run took so long must not be used; null when it may be. */
  #objectionTo({ timing }: ReadyMessage, pid: number): string | null {
    const { profile } = this.#hardware;
    if (timing === undefined || profile.name === "cpu") {
      return null;
    }
    const { variant } = this.#plan;
    const graphs = { precision: variant.precision, graphBytes: graphBytesOf(variant) };
    const verdict = judgeTiming({ ...timing, ...graphs }, profile);
    if (verdict.kind === "impossible") {
      return verdict.detail;
    }
    this.#deviceTiming = verdict;
    if (verdict.kind === "slow") {
      this.#events.emit("device_is_slow", { model: this.identity.name, pid, detail: verdict.detail });
    }
    return null;
  }

  /** Why a process on a device must not be used after what it says to the canary; null when it may be. */
  async #objectionToAnswers(run: RunWindows): Promise<string | null> {
    const { manifest } = this.folder;
    const expected = recordedAnswer(manifest);
    if (expected === null) {
      return null;
    }
    try {
      const answer = await askCanary(this.computedBy(run), this.#startTimeoutMs(this.#plan.variant), neverAborted);
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

  #startTimeoutMs(variant: ModelVariant): number {
    return Math.max(this.#config().processes.startTimeoutMs, graphBytesOf(variant) * loadMsPerByte);
  }

  #enterRoom(): Lease | null {
    if (this.#plan.provider === "cpu") {
      return null;
    }
    const { graphBytes, processes } = this.memoryNeed;
    const { batchNeed, wantedUnits } = this.#scheduling;
    return this.#room.enter({
      graphBytes,
      processes: Math.ceil(processes / this.#plan.devices.length),
      wantedBytes: () => batchBytes(batchNeed, wantedUnits()),
    });
  }

  #startProcess(): InferenceProcess {
    const seat = this.#placement.take(performance.now());
    let process: InferenceProcess;
    try {
      process = this.#startProcessAt(seat);
    } catch (error) {
      this.#placement.ended(seat, "other", performance.now());
      throw error;
    }
    this.#seats.set(process.pid, seat);
    let wasReady = false;
    process.ready.then(
      () => {
        wasReady = true;
        this.#trust(seat);
      },
      () => {
        // It exited before it was ready: handled below.
      },
    );
    // Before the supervisor hears of it, and starts another.
    void process.exited.then((exit) => {
      this.#seats.delete(process.pid);
      this.#follow(this.#placement.ended(seat, seatEnd(exit, wasReady), performance.now()), exit);
    });
    return process;
  }

  #gpuOf({ device }: Seat): VisibleGpu | null {
    return device === null || this.#plan.provider === "cpu"
      ? null
      : { uuid: device, onnxRuntime: this.#plan.onnxRuntime.packageName };
  }

  #trust(seat: Seat): void {
    if (this.#placement.proved(seat, performance.now()) && seat.device !== null) {
      this.#events.emit("device_restored", { model: this.identity.name, device: seat.device });
    }
  }

  /** A process on a device failed, which has this consequence. */
  #follow(verdict: PlacementVerdict, exit: ProcessExit): void {
    const detail = exit.detail ?? `a process on the GPU ended: ${exit.reason}`;
    switch (verdict.kind) {
      case "kept":
        break;
      case "fell_back":
        this.#variant = this.#plan.cpuVariant;
        this.#tellFallback({ reason: exit.reason === "wrong_answers" ? exit.reason : "load_failed", detail });
        break;
      case "hopeless":
        this.#supervisor.giveUp(`hardware.requireGpu is set, but no process could be started on a GPU: ${detail}`);
        break;
      case "set_aside": {
        const { kind: _, ...facts } = verdict;
        this.#events.emit("device_set_aside", { model: this.identity.name, ...facts, detail });
        setTimeout(() => this.#supervisor.adjust(), verdict.retryMs).unref();
        break;
      }
    }
  }

  #startProcessAt(seat: Seat): InferenceProcess {
    const place = { provider: seat.provider, gpu: this.#gpuOf(seat) };
    const variant = seat.provider === "cpu" ? this.#plan.cpuVariant : this.#plan.variant;
    const process = startProcess(this.folder, variant, this.settings, place, this.#config(), this.#events, {
      timing: this.#timingOrder(seat),
      startTimeoutMs: this.#startTimeoutMs(variant),
      objectionTo: (ready) => this.#objectionTo(ready, process.pid),
      ...(seat.provider === "cpu" ? {} : { prove: (run) => this.#objectionToAnswers(run) }),
    });
    return process;
  }

  #createCpuStandby(): CpuStandby {
    return new CpuStandby({
      model: this.identity.name,
      modelId: this.id,
      events: this.#events,
      startProcess: () => this.#startProcessAt({ provider: "cpu", device: null }),
      isWanted: () => this.#placement.isOnGpu,
      idleMs: cpuIdleMs,
      retryMs: cpuRetryMs,
    });
  }

  #tellFallback({ reason, detail }: CudaProblem): void {
    const { name } = this.identity;
    this.#events.emit("execution_provider_fell_back", { model: name, provider: "cuda", reason, detail });
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

/** What the end of a process says of its device: that a run crashed says more of the run. */
function seatEnd({ reason }: ProcessExit, wasReady: boolean): SeatEnd {
  if (wasReady) {
    return reason === "device_lost" ? "lost" : "other";
  }
  return isWantedExit(reason) ? "other" : "failed";
}

/** What a process has to do, in which time, before it is ready. */
interface StartConditions extends Pick<InferenceProcessSettings, "startTimeoutMs" | "objectionTo" | "prove"> {
  readonly timing: TimingOrder | null;
}

function startProcess(
  { path, manifest }: ModelFolder,
  variant: ModelVariant,
  settings: ModelConfig,
  { provider, gpu }: { readonly provider: Seat["provider"]; readonly gpu: VisibleGpu | null },
  { processes }: Config,
  events: EventBus,
  { timing, ...start }: StartConditions,
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
    stopTimeoutMs: processes.stopTimeoutMs,
    niceness: processes.niceness,
    gpu,
    onOutput: (line) => events.emit("process_output", { model: manifest.name, pid: process.pid, line }),
  });
  return process;
}
