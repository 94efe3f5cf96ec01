import type { DeviceTiming } from "./device-timing.ts";
import { type EventBus, isWantedExit, type ModelId, type ReplacementOutcome } from "./events.ts";
import type { CudaProblem } from "./hardware/choose-cuda-runtime.ts";
import type { Hardware } from "./hardware/hardware.ts";
import { judgeTiming, operationsToTime } from "./hardware/judge-timing.ts";
import { ModelPlacement, type PlacementVerdict, type Seat, type SeatEnd } from "./hardware/model-placement.ts";
import type { PlannedModel } from "./hardware/plan-model.ts";
import { graphBytesOf, type ModelVariant } from "./model-store/model-variants.ts";
import type { Exchange, Places } from "./places.ts";
import { CpuStandby } from "./processes/cpu-standby.ts";
import type { VisibleGpu } from "./processes/gpu-environment.ts";
import type { InferenceProcess, ProcessExit, RunWindows } from "./processes/inference-process.ts";
import type { ReadyMessage, TimingOrder } from "./processes/protocol.ts";

/** What a process is started with because of where it computes. */
export interface SeatedStart {
  readonly provider: Seat["provider"];
  /** The only one that it may see; null on the CPU. */
  readonly gpu: VisibleGpu | null;
  readonly variant: ModelVariant;
  /** What it is to time before it is ready; null on the CPU. */
  readonly timing: TimingOrder | null;
  /** Why it must not be used although it says that it is ready; null when it may be. */
  readonly objectionTo: (ready: ReadyMessage) => string | null;
  /** Why it must not be used after what it answers; absent on the CPU. */
  readonly prove?: (run: RunWindows) => Promise<string | null>;
}

export interface ModelSeatsOptions {
  readonly model: string;
  readonly modelId: ModelId;
  readonly plan: PlannedModel;
  readonly profile: Hardware["profile"];
  /** That the model should have when all devices work. */
  readonly wanted: Places;
  readonly events: EventBus;
  readonly startProcess: (start: SeatedStart) => InferenceProcess;
  /** As `TimingOrder.maxUnits`. */
  readonly maxTimedUnits: () => number;
  /** Why a process on a device must not be used after what it answers; null when it may be. */
  readonly objectionToAnswers: (run: RunWindows) => Promise<string | null>;
  /** There may be more places than before. */
  readonly onPlaces: () => void;
  /** No process could be started on a device, none may compute elsewhere, and this is why. */
  readonly onHopeless: (reason: string) => void;
}

/** What a GPU has no memory for is computed on the CPU: how long the process for it waits for more, in milliseconds … */
const cpuIdleMs = 300_000;
/** … and how long none is started after one that did not get ready. */
const cpuRetryMs = 60_000;

/**
 * The processes of one model in their places: which device each may see and which graphs it computes, whether its device
 * computes at all, and what its end means for the places of the others.
 */
export class ModelSeats {
  /** For what its devices have no memory for; null where there is nothing to fall back from, or no leave to. */
  readonly cpu: CpuStandby | null;
  readonly #options: ModelSeatsOptions;
  readonly #placement: ModelPlacement;
  /** By pid. */
  readonly #seats = new Map<number, Seat>();
  #deviceTiming: DeviceTiming | null = null;
  #retryTimer: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(options: ModelSeatsOptions) {
    const { plan, wanted } = options;
    this.#options = options;
    this.#placement = new ModelPlacement(plan, wanted);
    this.cpu = plan.provider === "cuda" && plan.mayFallBack ? this.#createCpuStandby() : null;
  }

  /** Where the processes that start now compute. */
  get isOnGpu(): boolean {
    return this.#placement.isOnGpu;
  }

  /** With which the processes that start now compute. */
  get variant(): ModelVariant {
    const { variant, cpuVariant } = this.#options.plan;
    return this.#placement.isOnGpu ? variant : cpuVariant;
  }

  /** A process on the CPU may be started beside those on devices. */
  get mayUseCpu(): boolean {
    return this.cpu !== null && this.#placement.isOnGpu;
  }

  /** What the last process to get ready found out about its device; null where nothing was timed. */
  get deviceTiming(): DeviceTiming | null {
    return this.#deviceTiming;
  }

  /** From the outset, or since processes failed on devices. */
  get hasFallenBack(): boolean {
    const { plan } = this.#options;
    return plan.provider === "cpu" ? plan.fallback !== null : !this.#placement.isOnGpu;
  }

  get devicesSetAside(): readonly string[] {
    return this.#placement.setAside;
  }

  get places(): Places {
    return this.#placement.places(performance.now());
  }

  /** As `ModelPlacement.exchange`. */
  exchange(
    instances: readonly InferenceProcess[],
    spares: readonly InferenceProcess[],
  ): Exchange<InferenceProcess> | null {
    return this.#placement.exchange(instances, spares, ({ pid }) => this.#seats.get(pid) ?? null);
  }

  /** Tells of a model that was to compute on a GPU, and cannot from the outset. */
  tellPlan(): void {
    const { plan } = this.#options;
    if (plan.provider === "cpu" && plan.fallback !== null) {
      this.#tellFallback(plan.fallback);
    }
  }

  /** Starts a process in the place that is best now. */
  start(): InferenceProcess {
    const seat = this.#placement.take(performance.now());
    let process: InferenceProcess;
    try {
      process = this.#startAt(seat);
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
    // Before whoever asked for it hears of it, and starts another.
    void process.exited.then((exit) => {
      this.#seats.delete(process.pid);
      this.#follow(this.#placement.ended(seat, seatEnd(exit, wasReady), performance.now()), exit);
    });
    return process;
  }

  /** While `replacement` is under way, the place of the process is its successor's. */
  async replace(pid: number, replacement: () => Promise<ReplacementOutcome>): Promise<ReplacementOutcome> {
    const seat = this.#seats.get(pid);
    if (seat === undefined) {
      return replacement();
    }
    this.#placement.leaves(seat);
    try {
      return await replacement();
    } finally {
      this.#placement.stays(seat);
    }
  }

  /** No device is tried again, and no process on the CPU is there any more. */
  async close(): Promise<void> {
    this.#forgetRetry();
    await this.cpu?.stop();
  }

  /** The same for a shutdown that cannot wait. */
  kill(): void {
    this.#forgetRetry();
    this.cpu?.kill();
  }

  #startAt(seat: Seat): InferenceProcess {
    const { plan, startProcess, objectionToAnswers } = this.#options;
    const process: InferenceProcess = startProcess({
      provider: seat.provider,
      gpu: this.#gpuOf(seat),
      variant: seat.provider === "cpu" ? plan.cpuVariant : plan.variant,
      timing: this.#timingOrder(seat),
      objectionTo: (ready) => this.#objectionTo(ready, process.pid),
      ...(seat.provider === "cpu" ? {} : { prove: objectionToAnswers }),
    });
    return process;
  }

  #gpuOf({ device }: Seat): VisibleGpu | null {
    const { plan } = this.#options;
    return device === null || plan.provider === "cpu"
      ? null
      : { uuid: device, onnxRuntime: plan.onnxRuntime.packageName };
  }

  #timingOrder({ provider }: Seat): TimingOrder | null {
    const { profile, maxTimedUnits } = this.#options;
    return provider === "cpu" || profile.name === "cpu"
      ? null
      : { operations: operationsToTime(profile), maxUnits: maxTimedUnits() };
  }

  /** Why a process whose run took so long must not be used; null when it may be. */
  #objectionTo({ timing }: ReadyMessage, pid: number): string | null {
    const { profile, plan, model, events } = this.#options;
    if (timing === undefined || profile.name === "cpu") {
      return null;
    }
    const graphs = { precision: plan.variant.precision, graphBytes: graphBytesOf(plan.variant) };
    const verdict = judgeTiming({ ...timing, ...graphs }, profile);
    if (verdict.kind === "impossible") {
      return verdict.detail;
    }
    this.#deviceTiming = verdict;
    if (verdict.kind === "slow") {
      events.emit("device_is_slow", { model, pid, detail: verdict.detail });
    }
    return null;
  }

  #trust(seat: Seat): void {
    if (this.#placement.proved(seat, performance.now()) && seat.device !== null) {
      this.#options.events.emit("device_restored", { model: this.#options.model, device: seat.device });
    }
  }

  /** A process ended, which has this consequence. */
  #follow(verdict: PlacementVerdict, exit: ProcessExit): void {
    const { model, events, onHopeless } = this.#options;
    const detail = exit.detail ?? `a process on the GPU ended: ${exit.reason}`;
    switch (verdict.kind) {
      case "kept":
        break;
      case "fell_back":
        this.#tellFallback({ reason: exit.reason === "wrong_answers" ? exit.reason : "load_failed", detail });
        break;
      case "hopeless":
        onHopeless(`hardware.requireGpu is set, but no process could be started on a GPU: ${detail}`);
        break;
      case "set_aside": {
        const { kind: _, ...facts } = verdict;
        events.emit("device_set_aside", { model, ...facts, detail });
        this.#planRetry();
        break;
      }
    }
  }

  /** Has devices that are set aside tried again when their time has come. */
  #planRetry(): void {
    clearTimeout(this.#retryTimer ?? undefined);
    const now = performance.now();
    const retryAt = this.#placement.retryAt(now);
    if (retryAt === null || this.#isClosed) {
      return;
    }
    const retry = (): void => {
      this.#options.onPlaces();
      // Other devices may wait for longer; and a timer may be early by a part of a millisecond.
      this.#planRetry();
    };
    this.#retryTimer = setTimeout(retry, Math.ceil(retryAt - now)).unref();
  }

  #forgetRetry(): void {
    this.#isClosed = true;
    clearTimeout(this.#retryTimer ?? undefined);
  }

  #createCpuStandby(): CpuStandby {
    const { model, modelId, events } = this.#options;
    return new CpuStandby({
      model,
      modelId,
      events,
      startProcess: () => this.#startAt({ provider: "cpu", device: null }),
      isWanted: () => this.#placement.isOnGpu,
      idleMs: cpuIdleMs,
      retryMs: cpuRetryMs,
    });
  }

  #tellFallback({ reason, detail }: CudaProblem): void {
    const { model, events } = this.#options;
    events.emit("execution_provider_fell_back", { model, provider: "cuda", reason, detail });
  }
}

/** What the end of a process says of its device: that a run crashed says more of the run. */
function seatEnd({ reason }: ProcessExit, wasReady: boolean): SeatEnd {
  if (wasReady) {
    return reason === "device_lost" ? "lost" : "other";
  }
  return isWantedExit(reason) ? "other" : "failed";
}
