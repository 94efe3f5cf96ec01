import type { EventBus, ModelId, ModelState, ProcessRole, ReplacementOutcome } from "../events.ts";
import type { Exchange, Places } from "../places.ts";
import type { InferenceProcess, ProcessExit } from "./inference-process.ts";
import { ProcessNews } from "./process-news.ts";
import { planProcesses } from "./process-plan.ts";
import { decideRestart, type RestartSettings } from "./restart-policy.ts";

export interface SupervisorOptions {
  readonly model: string;
  readonly modelId: ModelId;
  /** How many processes there should be now, one instance at least. Read at every decision. */
  readonly places: () => Places;
  /** An instance whose work a spare should do, because of the devices that they are on; null when all is well. */
  readonly exchange: (
    instances: readonly InferenceProcess[],
    spares: readonly InferenceProcess[],
  ) => Exchange<InferenceProcess> | null;
  /** Read at every decision. */
  readonly restart: () => RestartSettings;
  readonly events: EventBus;
  /** Starts one process; `onOutput` lines are already labelled by the caller. */
  readonly startProcess: () => InferenceProcess;
  /** A process became an instance: it takes batches from now on, until it exits. */
  readonly onInstance: (instance: InferenceProcess) => void;
  /** An instance is to take no more batches; resolves when it works on none. */
  readonly onRetire: (instance: InferenceProcess) => Promise<void>;
  /** The model's state changed. */
  readonly onState: (state: ModelState) => void;
}

/** A process that is ready, as others may know it. */
export interface ReadyProcess {
  readonly pid: number;
  readonly role: ProcessRole | "fallback";
}

/**
 * What comes first: the successor, so that there is never an instance less, or the end of the old process, where there is
 * no memory for both.
 */
export type ReplacementOrder = "successor_first" | "leave_first";

/** An instance whose successor is not ready yet. */
interface Departure {
  readonly process: InferenceProcess;
  readonly outcome: PromiseWithResolvers<ReplacementOutcome>;
}

/**
 * A ready model without an instance for longer than this is not ready any more: a start takes about a second. One that had to
 * leave before its successor was started is missed for as long as starts have taken besides. Milliseconds.
 */
const longestGapMs = 5000;

/**
 * Keeps the wanted number of instances and spares of one model alive.
 *
 * loading → ready (one instance at least got ready) → … → stopped. Exits before ready, one after another, lead to
 * circuit_open, where starts go on slowly; the first process that gets ready leads back to ready. A ready model whose
 * instances all died stays ready: replacements are on their way and requests wait in the queue.
 *
 * An instance that is to be replaced takes batches until a spare, or a fresh process, takes them in its place; then it
 * finishes its runs and is asked to leave.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #news: ProcessNews;
  readonly #starting = new Set<InferenceProcess>();
  readonly #spares = new Set<InferenceProcess>();
  readonly #active = new Set<InferenceProcess>();
  /** Replaced, and finishing their runs. */
  readonly #leaving = new Set<InferenceProcess>();
  #departure: Departure | null = null;
  /** A spare took the place of an instance, which finishes its runs. */
  #exchanged: Promise<ReplacementOutcome> | null = null;
  /** Leaves before its successor is started. */
  #leftFirst: InferenceProcess | null = null;
  #state: ModelState = "loading";
  #failures = 0;
  /** Execution provider of each process that is ready. */
  readonly #devices = new Map<InferenceProcess, string>();
  #device: string | null = null;
  #firstDevice: string | null = null;
  #lastFailure: string | null = null;
  /** Why it was given up before its time; null once a process got ready. */
  #hopelessReason: string | null = null;
  #retryTimer: NodeJS.Timeout | null = null;
  #retryAt = 0;
  /** Since when no instance works, on the clock of `performance.now()`; null while one does. */
  #emptySince: number | null = performance.now();
  /** That a start has taken, in milliseconds. */
  #longestStartMs = 0;
  /** What the gap since `#emptySince` was known to take. */
  #plannedGapMs = 0;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#news = new ProcessNews(options);
  }

  get state(): ModelState {
    return this.#state;
  }

  /** Processes by what they do now. */
  get counts(): Readonly<Record<ProcessRole | "starting", number>> {
    return { active: this.#active.size, spare: this.#spares.size, starting: this.#starting.size };
  }

  /** Execution provider of the last process that got ready; null before the first. */
  get device(): string | null {
    return this.#device;
  }

  /** Execution provider of the first process that got ready. */
  get firstDevice(): string | null {
    return this.#firstDevice;
  }

  /** Execution providers of the processes that are ready now, each once. */
  get devices(): readonly string[] {
    return [...new Set(this.#devices.values())];
  }

  /** Pids of all processes that run. */
  get pids(): readonly number[] {
    return this.#all().map(({ pid }) => pid);
  }

  /**
   * What keeps the model from answering, for the operator; null when nothing does. Between the death of the last
   * instance and its replacement there is nothing to tell, unless that fails or takes long.
   */
  problem(now: number = performance.now()): string | null {
    if (this.#state === "ready" && this.#emptySince === null) {
      return null;
    }
    const failure = this.#hopelessReason ?? this.#lastFailure;
    if (failure !== null) {
      return failure;
    }
    const isShort = this.#emptySince === null || now - this.#emptySince < longestGapMs + this.#plannedGapMs;
    return this.#state === "ready" && isShort ? null : "no inference process is ready yet";
  }

  /** Those that are ready, but for any that leave. */
  get readyProcesses(): readonly ReadyProcess[] {
    return [
      ...[...this.#active].map(({ pid }) => ({ pid, role: "active" as const })),
      ...[...this.#spares].map(({ pid }) => ({ pid, role: "spare" as const })),
    ];
  }

  /** Milliseconds until the next start is tried; 0 when none is waiting. */
  get retryInMs(): number {
    return this.#retryTimer === null ? 0 : Math.max(0, this.#retryAt - performance.now());
  }

  start(): void {
    this.#maintain();
  }

  /** There are more or fewer places than before. */
  adjust(): void {
    this.#maintain();
  }

  /** Before any process was ready: it counts as broken at once, for this reason, unless one gets ready all the same. */
  giveUp(reason: string): void {
    if (this.#state === "loading") {
      this.#hopelessReason = reason;
      this.#setState("circuit_open");
    }
  }

  /** Stops every process; resolves when all have exited. */
  async stop(): Promise<void> {
    this.#setState("stopped");
    this.#cancelRetry();
    await Promise.all(this.#all().map((process) => process.stop()));
  }

  /** SIGKILL to every process, for a shutdown that cannot wait. */
  kill(): void {
    this.#setState("stopped");
    this.#cancelRetry();
    for (const process of this.#all()) {
      process.kill("stopped");
    }
  }

  /**
   * Replaces a ready process. A spare has nobody waiting for it and is ended first. Resolves when the old process is gone,
   * or stays for want of a successor. In every case it finishes its runs.
   * @throws Error while another replacement of this model is under way.
   */
  replace(pid: number, order: ReplacementOrder = "successor_first"): Promise<ReplacementOutcome> {
    if (this.#exchanged !== null) {
      return this.#exchanged.then(() => this.replace(pid, order));
    }
    if (this.#departure !== null || this.#leaving.size > 0) {
      throw new Error("a process is being replaced already");
    }
    const spare = [...this.#spares].find((process) => process.pid === pid);
    if (spare !== undefined) {
      this.#spares.delete(spare);
      return this.#leave(spare);
    }
    const process = [...this.#active].find((each) => each.pid === pid);
    if (process === undefined || this.#state === "stopped") {
      return Promise.resolve("exited");
    }
    if (order === "leave_first") {
      return this.#leaveFirst(process);
    }
    const outcome = Promise.withResolvers<ReplacementOutcome>();
    this.#departure = { process, outcome };
    this.#maintain();
    return outcome.promise;
  }

  #all(): InferenceProcess[] {
    return [...this.#starting, ...this.#spares, ...this.#active, ...this.#leaving];
  }

  get #wantedActive(): number {
    return this.#options.places().instances;
  }

  /** Instances that stay. */
  get #staying(): number {
    return this.#active.size - (this.#departure === null ? 0 : 1);
  }

  /** Brings the processes closer to what is wanted. Idempotent: called after every change. */
  #maintain(): void {
    if (this.#state === "stopped") {
      return;
    }
    const wanted = this.#options.places();
    const plan = planProcesses({
      wantedActive: wanted.instances,
      wantedSpares: wanted.spares,
      active: this.#staying + (this.#leftFirst === null ? 0 : 1),
      spares: this.#spares.size,
      starting: this.#starting.size,
      leaving: this.#leaving.size + (this.#departure === null ? 0 : 1),
    });
    for (const spare of [...this.#spares].slice(0, plan.promote)) {
      this.#spares.delete(spare);
      this.#activate(spare);
    }
    // After a failure one process at a time is tried: a broken model must not be loaded many times at once.
    const starts = this.#failures === 0 ? plan.start : Math.min(plan.start, 1 - this.#starting.size);
    for (let count = 0; count < starts && this.#retryTimer === null; count++) {
      this.#startProcess();
    }
    this.#exchange();
  }

  /** Puts a spare in the place of an instance, where that is better for the devices. */
  #exchange(): void {
    if (this.#departure !== null || this.#leaving.size > 0) {
      return;
    }
    const pair = this.#options.exchange([...this.#active], [...this.#spares]);
    if (pair !== null) {
      this.#spares.delete(pair.spare);
      this.#activate(pair.spare);
      this.#active.delete(pair.instance);
      this.#exchanged = this.#leave(pair.instance).finally(() => (this.#exchanged = null));
    }
  }

  #startProcess(): void {
    const startedAt = performance.now();
    let process: InferenceProcess;
    try {
      process = this.#options.startProcess();
    } catch (error) {
      // The system refused, for want of memory perhaps: that passes, like any other failed start.
      this.#options.events.emit("error_occurred", { where: "supervisor", error });
      this.#backOff(error instanceof Error ? error.message : "a process could not be started");
      return;
    }
    this.#starting.add(process);
    const role: ProcessRole = this.#staying < this.#wantedActive ? "active" : "spare";
    this.#news.started(process, role);
    process.ready.then(
      (device) => this.#admit(process, device, performance.now() - startedAt),
      () => {
        // It exited before it was ready: `exited` below handles that.
      },
    );
    void process.exited.then((exit) => this.#remove(process, exit));
  }

  #admit(process: InferenceProcess, device: string, startMs: number): void {
    if (!this.#starting.delete(process)) {
      return;
    }
    this.#failures = 0;
    this.#longestStartMs = Math.max(this.#longestStartMs, startMs);
    this.#lastFailure = null;
    this.#hopelessReason = null;
    this.#cancelRetry();
    this.#device = device;
    this.#firstDevice ??= device;
    this.#devices.set(process, device);
    this.#news.ready(process, startMs);
    if (this.#state === "stopped") {
      return;
    }
    if (this.#staying < this.#wantedActive) {
      this.#activate(process);
    } else {
      this.#spares.add(process);
    }
    this.#setState("ready");
    this.#maintain();
  }

  #activate(process: InferenceProcess): void {
    this.#active.add(process);
    this.#emptySince = null;
    this.#options.onInstance(process);
    if (this.#departure !== null && this.#staying >= this.#wantedActive) {
      const { process: old, outcome } = this.#departure;
      this.#departure = null;
      this.#active.delete(old);
      void this.#leave(old).then(outcome.resolve);
    }
  }

  /** Its successor is started when it has exited. */
  #leaveFirst(process: InferenceProcess): Promise<ReplacementOutcome> {
    this.#leftFirst = process;
    this.#active.delete(process);
    return this.#leave(process);
  }

  async #leave(process: InferenceProcess): Promise<ReplacementOutcome> {
    this.#leaving.add(process);
    await this.#options.onRetire(process);
    await process.stop("replaced");
    const { reason } = await process.exited;
    return reason === "replaced" ? "replaced" : "exited";
  }

  #endDeparture(outcome: ReplacementOutcome): void {
    this.#departure?.outcome.resolve(outcome);
    this.#departure = null;
  }

  #remove(process: InferenceProcess, exit: ProcessExit): void {
    const wasReady = !this.#starting.delete(process);
    this.#spares.delete(process);
    this.#devices.delete(process);
    this.#leaving.delete(process);
    const hasLeftFirst = this.#leftFirst === process;
    if (hasLeftFirst) {
      this.#leftFirst = null;
    }
    if (this.#departure?.process === process) {
      this.#endDeparture("exited");
    }
    if ((this.#active.delete(process) || hasLeftFirst) && this.#active.size === 0) {
      this.#emptySince = performance.now();
      this.#plannedGapMs = hasLeftFirst ? this.#longestStartMs : 0;
    }
    this.#news.exited(process, wasReady, exit);
    if (this.#state === "stopped") {
      return;
    }
    if (wasReady) {
      // It is replaced at once, whatever keeps other starts waiting.
      this.#cancelRetry();
    } else {
      this.#backOff(describeFailure(exit));
    }
    this.#maintain();
  }

  #backOff(failure: string): void {
    this.#lastFailure = failure;
    this.#endDeparture("start_failed");
    if (this.#retryTimer !== null) {
      // Started together with the one that failed first: one failure, not two in a row.
      return;
    }
    this.#failures++;
    const decision = decideRestart(this.#failures, this.#options.restart(), Math.random());
    if (decision.hasGivenUp && this.#active.size === 0) {
      this.#setState("circuit_open");
    }
    this.#retryAt = performance.now() + decision.delayMs;
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = null;
      this.#maintain();
    }, decision.delayMs);
  }

  #cancelRetry(): void {
    if (this.#retryTimer !== null) {
      clearTimeout(this.#retryTimer);
      this.#retryTimer = null;
    }
  }

  #setState(state: ModelState): void {
    if (this.#state === state || this.#state === "stopped") {
      return;
    }
    this.#state = state;
    this.#options.events.emit("model_state_changed", { model: this.#options.model, state });
    this.#options.onState(state);
  }
}

/** Never empty: an empty detail would read as "nothing is wrong". */
function describeFailure({ reason, exitCode, signal, detail }: ProcessExit): string {
  return detail === null || detail === "" ? `${reason} before ready (exit code ${exitCode}, signal ${signal})` : detail;
}
