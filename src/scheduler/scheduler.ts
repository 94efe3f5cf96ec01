import { ServiceError } from "../errors.ts";
import type { EventBus, FallbackStep, ModelId } from "../events.ts";
import { type InferenceProcess, ProcessExitedError, RunFailedError } from "../processes/inference-process.ts";
import type { ResultMessage, WindowInput } from "../processes/protocol.ts";
import type { StageFacts } from "../request-timeline.ts";
import { allAborted } from "./all-aborted.ts";
import { type BatchLimits, chooseBatch } from "./batch.ts";
import { BatchCeiling } from "./batch-ceiling.ts";
import { type CostEstimate, CostModel } from "./cost-model.ts";
import { CpuLane, type CpuProcess } from "./cpu-lane.ts";
import { type DeadProcess, DeathCauses } from "./death-causes.ts";
import { FairQueue } from "./fair-queue.ts";
import { nextStep } from "./fallback-ladder.ts";
import { finalFailure, outOfMemory } from "./final-failure.ts";
import { Job, type JobResult, type PendingWindow } from "./job.ts";
import { hasRoom } from "./queue-admission.ts";
import type { ClientKey, RequestContext } from "./request-context.ts";
import { RunStages } from "./run-stages.ts";
import { Starvation } from "./starvation.ts";
import { WaitingJobs } from "./waiting-jobs.ts";

export interface SchedulerSettings extends BatchLimits {
  /** Jobs that may wait. */
  readonly maxQueueSize: number;
  /** Lengths that may wait, together; the last job admitted may pass it. */
  readonly maxQueueLength: number;
  /** A run without progress for longer than this, in milliseconds, and … */
  readonly runLimitFloorMs: number;
  /** … for longer than this many times its predicted duration is killed. */
  readonly runLimitFactor: number;
}

export interface SchedulerOptions {
  readonly model: string;
  readonly modelId: ModelId;
  readonly version: string;
  readonly events: EventBus;
  /** What the length of a window counts. */
  readonly unit: "tokens" | "frames";
  /** What a run costs before anything was observed; the runs soon correct it. */
  readonly priorCost: CostEstimate;
  /** A run has steps, and is ended between two of them when nobody waits for it any more. */
  readonly endsRunsEarly: boolean;
  /**
   * Whether an instance on this device takes turns between the steps of two runs. Then a request that has nothing running
   * does not wait for the end of another's run: a short clip starts at once beside a long file.
   */
  readonly interleavesRuns: (device: string) => boolean;
  /** Where windows go for which the instances have too little memory; null for nowhere. */
  readonly cpu: CpuProcess | null;
  /** Read at every decision, so that a reload takes effect at once. */
  readonly settings: () => SchedulerSettings;
}

/** Windows looked at for one batch: enough to find like lengths; 256 addresses waiting, a decision takes 0.5 ms. */
const lookahead = 64;

/** Runs that an instance works on at most. */
const maxInterleavedRuns = 2;

/**
 * Share of `maxQueueLength` that one job may hold, because the last job admitted may pass the limit. Some characters
 * are 18 letters each, so the number of characters does not bound the tokens.
 */
const largestJobShare = 1 / 4;

/** Bounds of a suggested wait, in milliseconds. */
const minRetryAfterMs = 50;
const maxRetryAfterMs = 60_000;

/** The windows of one run. */
type Batch = readonly PendingWindow[];

/**
 * Decides when and with whom the windows of one model run. Owns its queue and hands batches to its instances.
 *
 * A window waits, runs and is answered; when its process dies under it, it runs once more by itself, and a second death
 * is its job's failure. Where there was too little memory for its run, it goes on down the ladder of `fallback-ladder.ts`.
 * Jobs whose signal aborts leave the queue at once and are never run.
 */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #queue = new FairQueue<PendingWindow>();
  readonly #waiting = new WaitingJobs();
  readonly #jobs = new Set<Job>();
  readonly #idle = new Set<InferenceProcess>();
  /** What each busy instance works on. */
  readonly #running = new Map<InferenceProcess, Set<Batch>>();
  /** Busy instances that are given nothing more, and what to do when their runs have ended. */
  readonly #retiring = new Map<InferenceProcess, () => void>();
  readonly #cost: CostModel;
  /** Of runs on the CPU beside the instances. */
  readonly #cpuCost: CostModel;
  readonly #cpuLane: CpuLane;
  readonly #ceiling = new BatchCeiling();
  readonly #starvation = new Starvation();
  readonly #cpuStarvation = new Starvation();
  readonly #causes: DeathCauses;
  #cpuAnswers = 0;
  #instanceCount = 0;
  /** When work came into the idle scheduler, and when a window last came to a result. */
  #busySince = 0;
  #resultAt = 0;
  #dispatchIsPlanned = false;
  #drained: PromiseWithResolvers<void> | null = null;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#cost = new CostModel(options.priorCost);
    this.#cpuCost = new CostModel(options.priorCost);
    this.#cpuLane = new CpuLane({
      cpu: options.cpu,
      run: (process, window) => this.#runOnCpu(process, window),
      fail: (window) => this.#giveUp(window),
      failUnexpectedly: ({ job }, error) => {
        options.events.emit("error_occurred", { where: "scheduler", error });
        this.#fail(job, finalFailure(error));
      },
    });
    this.#causes = new DeathCauses(options);
  }

  /** Windows that wait. */
  get queueDepth(): number {
    return this.#queue.size + this.#cpuLane.size;
  }

  /** For how long the job that has waited longest has done so, in milliseconds; 0 when none waits. */
  get oldestWaitMs(): number {
    const since = this.#waiting.oldestSince;
    return since === null ? 0 : performance.now() - since;
  }

  /**
   * For how long work has waited or run with neither a result nor a sign of progress, in milliseconds; 0 without work. A
   * run that nobody waits for any more is work, too.
   */
  stalledMs(now: number): number {
    return this.#isIdle ? 0 : Math.max(0, now - Math.max(this.#busySince, this.movedAt));
  }

  /** When a window last came to a result, or one of those under way reported progress; 0 before the first time. */
  get movedAt(): number {
    const startingAt = this.#cpuLane.isStarting ? performance.now() : 0;
    return Math.max(startingAt, this.#resultAt, ...[...this.#running.keys()].map(({ lastSignAt }) => lastSignAt));
  }

  /** Windows that were computed on the CPU because the instances had too little memory for them. */
  get cpuAnswers(): number {
    return this.#cpuAnswers;
  }

  /** Whether this client has a job of which nothing runs now. */
  isWaiting({ address, clientId }: ClientKey): boolean {
    const running = new Set(this.#underWay.flat().map(({ job }) => job));
    return [...this.#jobs].some((job) => {
      const { client } = job.context;
      return client.address === address && client.clientId === clientId && !running.has(job);
    });
  }

  /** What the longest of the runs under way takes, or one of this padded length, as far as is known. Milliseconds. */
  longestRunMs(paddedLength: number): number {
    return this.#cost.predictMs(Math.max(paddedLength, ...this.#underWay.map(paddedLengthOf)));
  }

  /** What the longest of the runs under way may take without progress, in milliseconds; 0 while none is. */
  get grantedMs(): number {
    const limits = [...this.#running].flatMap(([instance, batches]) =>
      [...batches].map((batch) => this.#runLimitMs(instance, paddedLengthOf(batch))),
    );
    return Math.max(0, ...limits);
  }

  /** Jobs that wait or run. */
  get jobCount(): number {
    return this.#jobs.size;
  }

  /** Gives the scheduler a ready process; it is forgotten when it exits. */
  addInstance(instance: InferenceProcess): void {
    this.#instanceCount++;
    this.#idle.add(instance);
    void instance.exited.then(() => {
      this.#instanceCount--;
      this.#idle.delete(instance);
    });
    this.#planDispatch();
  }

  /** Gives the instance no further batch. Resolves when it works on none. */
  retire(instance: InferenceProcess): Promise<void> {
    this.#idle.delete(instance);
    if (!this.#running.has(instance)) {
      return Promise.resolve();
    }
    return new Promise((resolve) => this.#retiring.set(instance, resolve));
  }

  /** The refusal that a job of this client would meet now, or null. Costs no more than a few look-ups. */
  refusal(client: ClientKey): ServiceError | null {
    const { maxQueueSize, maxQueueLength } = this.#options.settings();
    const { jobs, length } = this.#waiting.loads(client);
    if (hasRoom({ limit: maxQueueSize, ...jobs }) && hasRoom({ limit: maxQueueLength, ...length })) {
      return null;
    }
    return new ServiceError("overloaded", "The service is at capacity. Try again later.", {
      retryAfterMs: this.#drainMs(),
    });
  }

  /**
   * Queues the windows of one request.
   * @throws ServiceError `payload_too_large` for windows longer than one job may hold; `overloaded` at once when the
   * queue has no room; `inference_process_crashed` when a window outlived two processes; `out_of_memory` when there is
   * too little for one of its windows alone; the signal's reason when it aborts.
   */
  async submit(inputs: readonly WindowInput[], context: RequestContext): Promise<JobResult> {
    context.signal.throwIfAborted();
    const job = new Job(inputs, context, performance.now());
    const limit = Math.floor(this.#options.settings().maxQueueLength * largestJobShare);
    if (job.length > limit) {
      const message = `The request has ${job.length} ${this.#options.unit} in windows, more than the ${limit} of one.`;
      throw new ServiceError("payload_too_large", message);
    }
    const refusal = this.refusal(context.client);
    if (refusal !== null) {
      throw refusal;
    }
    return this.#complete(job);
  }

  /**
   * Queues some windows more of a request that was let in. They are never refused for want of room, because half a
   * transcript is worth nothing: the caller bounds how many of them wait.
   * @throws ServiceError as `submit` does, but for the refusals.
   */
  async submitPart(inputs: readonly WindowInput[], context: RequestContext): Promise<JobResult> {
    context.signal.throwIfAborted();
    return this.#complete(new Job(inputs, context, performance.now()));
  }

  /** Fails every waiting and running job, for a model that cannot serve any more. */
  failAll(error: ServiceError): void {
    for (const job of this.#jobs) {
      this.#fail(job, error);
    }
  }

  /** Resolves when no job waits or runs. New jobs are the caller's to refuse. */
  async drained(): Promise<void> {
    if (this.#jobs.size > 0) {
      this.#drained ??= Promise.withResolvers<void>();
      await this.#drained.promise;
    }
  }

  /** What all busy instances work on. */
  get #underWay(): Batch[] {
    return [...this.#running.values()].flatMap((batches) => [...batches]);
  }

  get #isIdle(): boolean {
    return this.#jobs.size === 0 && this.#running.size === 0;
  }

  async #complete(job: Job): Promise<JobResult> {
    const { signal } = job.context;
    if (this.#isIdle) {
      this.#busySince = performance.now();
    }
    job.markQueued();
    this.#jobs.add(job);
    this.#waiting.add(job);
    for (const window of job.windows) {
      this.#queue.push(window);
    }
    const onAbort = (): void => this.#abandon(job, signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    this.#planDispatch();
    try {
      return await job.result;
    } finally {
      signal.removeEventListener("abort", onAbort);
      this.#forget(job);
    }
  }

  /** Requests that arrive in one turn of the event loop are batched together: dispatch happens after it. */
  #planDispatch(): void {
    if (!this.#dispatchIsPlanned) {
      this.#dispatchIsPlanned = true;
      setImmediate(() => {
        this.#dispatchIsPlanned = false;
        this.#dispatch();
      });
    }
  }

  #dispatch(): void {
    for (const instance of this.#idle) {
      if (!instance.isReady) {
        // It was killed and its exit is on the way: a batch given to it would count as died with it.
        this.#idle.delete(instance);
        continue;
      }
      const batch = this.#nextBatch();
      if (batch.length === 0) {
        return;
      }
      this.#idle.delete(instance);
      void this.#run(instance, batch);
    }
    if (!this.#ceiling.isLowered) {
      this.#dispatchBesideOthers();
    }
  }

  /** No instance is idle: requests that have nothing running share one with another request. */
  #dispatchBesideOthers(): void {
    for (const [instance, batches] of this.#running) {
      const isTaken = batches.size >= maxInterleavedRuns || [...batches].some(hasToRunAlone);
      const takesTurns = instance.isReady && this.#options.interleavesRuns(instance.device);
      if (!takesTurns || this.#retiring.has(instance) || isTaken) {
        continue;
      }
      const window = this.#candidates().find((each) => !each.mustRunAlone && !this.#hasRunning(each));
      if (window === undefined) {
        return;
      }
      void this.#run(instance, this.#take([window]));
    }
  }

  #hasRunning(window: PendingWindow): boolean {
    return this.#underWay.flat().some((each) => isSameRequest(each, window));
  }

  #nextBatch(): Batch {
    const candidates = this.#candidates();
    const limits = this.#ceiling.within(this.#options.settings());
    const chosen = chooseBatch(candidates, limits, this.#cost.estimate, this.#idle.size);
    return this.#take(chosen.map((position) => candidates[position]).filter((window) => window !== undefined));
  }

  #candidates(): PendingWindow[] {
    this.#dropExpired();
    return this.#queue.peek(lookahead);
  }

  #take(batch: Batch): Batch {
    for (const window of batch) {
      this.#queue.take(window);
      if (!window.isRetry) {
        this.#waiting.leave(window);
      }
    }
    return batch;
  }

  /** Timers can be late on a busy machine: what is worthless by the clock is not run either. */
  #dropExpired(): void {
    const now = performance.now();
    for (const job of this.#jobs) {
      if (job.context.deadline.isExpired(now)) {
        this.#abandon(job, new ServiceError("deadline_exceeded", "The deadline passed while the request was waiting."));
      }
    }
  }

  async #run(instance: InferenceProcess, batch: Batch): Promise<void> {
    const batches = this.#running.get(instance) ?? new Set();
    this.#running.set(instance, batches.add(batch));
    const now = performance.now();
    for (const { job } of batch) {
      job.markDispatched(now);
    }
    const paddedLength = paddedLengthOf(batch);
    const limitMs = this.#runLimitMs(instance, paddedLength);
    // What ends the run early: nobody waits for any of its requests any more.
    using interruption = this.#options.endsRunsEarly ? allAborted(batch.map(({ job }) => job.context.signal)) : null;
    const stages = RunStages.of(batch, now);
    let result: ResultMessage;
    try {
      result = await instance.run(
        batch.map(({ input }) => input),
        limitMs,
        interruption?.signal,
      );
    } catch (error) {
      stages?.fail(this.#runFacts(instance, batch, paddedLength), error);
      if (error instanceof RunFailedError && error.kind === "out_of_memory") {
        this.#fallBack(instance, batch, paddedLength);
      } else {
        this.#retryAlone(instance, batch, error);
      }
      this.#endRun(instance, batch);
      this.#planDispatch();
      return;
    }
    stages?.end(this.#runFacts(instance, batch, paddedLength), result);
    this.#learn(instance, batch, paddedLength, result);
    this.#endRun(instance, batch);
    this.#deliver(batch, result, paddedLength);
  }

  async #runOnCpu(process: InferenceProcess, window: PendingWindow): Promise<void> {
    this.#waiting.leave(window);
    this.#dropExpired();
    if (!window.job.isSettled) {
      await this.#run(process, [window]);
    }
  }

  #costOn(instance: InferenceProcess): CostModel {
    return this.#cpuLane.owns(instance) ? this.#cpuCost : this.#cost;
  }

  #starvationOf(instance: InferenceProcess): Starvation {
    return this.#cpuLane.owns(instance) ? this.#cpuStarvation : this.#starvation;
  }

  #runLimitMs(instance: InferenceProcess, paddedLength: number): number {
    const { runLimitFloorMs, runLimitFactor } = this.#options.settings();
    return Math.max(runLimitFloorMs, runLimitFactor * this.#costOn(instance).predictMs(paddedLength));
  }

  /** What a run says of those to come. */
  #learn(
    instance: InferenceProcess,
    batch: Batch,
    paddedLength: number,
    { outputs, inferenceMs }: ResultMessage,
  ): void {
    this.#starvationOf(instance).ranWell(instance, paddedLength / batch.length);
    if (outputs.length === batch.length) {
      this.#costOn(instance).observe(paddedLength, inferenceMs);
    }
    if (this.#cpuLane.owns(instance)) {
      this.#cpuAnswers++;
    } else {
      this.#ceiling.ranWell(batch.length, paddedLength, this.#options.settings());
    }
  }

  #runFacts({ pid, device }: InferenceProcess, { length: batchWindows }: Batch, batchPaddedLength: number): StageFacts {
    const { model, version: modelVersion } = this.#options;
    return { model, modelVersion, pid, device, batchWindows, batchPaddedLength };
  }

  #endRun(instance: InferenceProcess, batch: Batch): void {
    const batches = this.#running.get(instance);
    batches?.delete(batch);
    if (batches?.size === 0) {
      this.#running.delete(instance);
      const leave = this.#retiring.get(instance);
      if (leave !== undefined) {
        this.#retiring.delete(instance);
        leave();
      } else if (instance.isReady && !this.#cpuLane.owns(instance)) {
        this.#idle.add(instance);
      }
    }
    if (instance.isReady) {
      // Before the answers are worked on: the child must not wait for them.
      this.#dispatch();
    }
  }

  #deliver(batch: Batch, { outputs, inferenceMs }: ResultMessage, paddedLength: number): void {
    this.#resultAt = performance.now();
    if (outputs.length !== batch.length) {
      const facts = { windows: batch.length, outputs: outputs.length };
      for (const { job } of batch) {
        this.#fail(job, new ServiceError("invalid_prediction", "The model gave an invalid answer.", { facts }));
      }
      return;
    }
    this.#options.events.emit("batch_completed", {
      model: this.#options.model,
      windows: batch.length,
      length: batch.reduce((total, { length }) => total + length, 0),
      paddedLength,
      inferenceMs,
    });
    const now = performance.now();
    for (const [position, { job, index }] of batch.entries()) {
      const output = outputs[position];
      if (output !== undefined) {
        job.deliver(index, output, now);
      }
    }
  }

  /** There was too little memory for the run: its windows go on with less at a time. */
  #fallBack(instance: InferenceProcess, batch: Batch, paddedLength: number): void {
    // All that its memory was for.
    const beside = [...(this.#running.get(instance) ?? [])];
    const wasShared = beside.length > 1;
    const steps = new Map<FallbackStep, number>();
    // The last first: each is put before the others.
    for (const window of batch.toReversed().filter(({ job }) => !job.isSettled)) {
      const step = nextStep(window.rung, { windows: batch.length, wasShared }, this.#cpuLane.isOpen);
      steps.set(step, (steps.get(step) ?? 0) + 1);
      if (step === "failed") {
        this.#fail(window.job, outOfMemory());
      } else {
        window.rung = step;
        window.mustRunAlone ||= step !== "half";
        window.isRetry = true;
        if (step === "cpu") {
          this.#waiting.comeBack(window, performance.now());
          this.#cpuLane.add(window);
        } else {
          this.#queue.putBack(window);
        }
      }
    }
    const { model, events } = this.#options;
    for (const [step, windows] of steps) {
      events.emit("batch_fell_back", { model, step, windows, paddedLength, device: instance.device });
    }
    if (batch.length === 1 && !wasShared) {
      // It says nothing of batches, whose limits everybody shares: who sends one window too large must not end batching.
      if (this.#starvationOf(instance).ranOut(instance, paddedLength)) {
        instance.kill("out_of_memory");
      }
    } else if (!this.#cpuLane.owns(instance)) {
      this.#ceiling.ranOut(
        beside.flat().length,
        beside.reduce((total, each) => total + paddedLengthOf(each), 0),
      );
    }
  }

  /** The process on the CPU that it waits for does not get ready. */
  #giveUp({ job, length }: PendingWindow): void {
    const { model, events } = this.#options;
    this.#fail(job, outOfMemory());
    events.emit("batch_fell_back", { model, step: "failed", windows: 1, paddedLength: length, device: "cpu" });
  }

  #putBack(window: PendingWindow): void {
    window.isRetry = true;
    if (window.rung === "cpu") {
      this.#waiting.comeBack(window, performance.now());
      this.#cpuLane.putBack(window);
    } else {
      this.#queue.putBack(window);
    }
  }

  #retryAlone(instance: InferenceProcess, batch: Batch, error: unknown): void {
    const dead = error instanceof ProcessExitedError ? deadProcess(instance, error) : null;
    if (dead !== null) {
      // At the first of its runs that fails with the process, while all of them are known.
      this.#causes.note(dead, [...(this.#running.get(instance) ?? [])].flat());
    }
    // The last first: each is put before the others.
    for (const window of batch.toReversed()) {
      if (window.hasFailed) {
        if (dead !== null) {
          // That is a result, too: who sends nothing but such texts keeps nothing from moving.
          this.#resultAt = performance.now();
          this.#causes.tellPoison(window, dead);
        }
        this.#fail(window.job, finalFailure(error));
      } else if (window.job.isSettled) {
        this.#causes.tellUnproven(window);
      } else {
        window.hasFailed = true;
        window.mustRunAlone = true;
        this.#putBack(window);
      }
    }
  }

  /** Its client left, or its time is over. */
  #abandon(job: Job, error: unknown): void {
    if (!job.isSettled) {
      job.windows.forEach((window) => this.#causes.tellUnproven(window));
    }
    this.#fail(job, error);
  }

  #fail(job: Job, error: unknown): void {
    job.fail(error);
    this.#forget(job);
  }

  /** Nothing of a settled job stays in the queue. Idempotent. */
  #forget(job: Job): void {
    if (!this.#jobs.delete(job)) {
      return;
    }
    for (const window of job.windows) {
      this.#queue.remove(window);
      this.#cpuLane.remove(window);
    }
    this.#waiting.remove(job);
    if (this.#jobs.size === 0) {
      this.#drained?.resolve();
      this.#drained = null;
    }
  }

  /** When what waits now will have been worked off, by the cost models. */
  #drainMs(): number {
    const { perUnitMs } = this.#cost.estimate;
    const queueMs = (this.#queue.waitingLength * perUnitMs) / Math.max(1, this.#instanceCount);
    const cpuMs = this.#cpuLane.waitingLength * this.#cpuCost.estimate.perUnitMs;
    const drainMs = Math.max(queueMs, cpuMs);
    return Math.min(maxRetryAfterMs, Math.max(minRetryAfterMs, Math.ceil(drainMs)));
  }
}

function paddedLengthOf(batch: Batch): number {
  return batch.length * Math.max(...batch.map(({ length }) => length));
}

function hasToRunAlone(batch: Batch): boolean {
  return batch.some(({ mustRunAlone }) => mustRunAlone);
}

function isSameRequest(one: PendingWindow, other: PendingWindow): boolean {
  return one.path.every((key, depth) => key === other.path[depth]);
}

function deadProcess({ pid, gpu }: InferenceProcess, { exit }: ProcessExitedError): DeadProcess {
  return { pid, lostDevice: exit.reason === "device_lost" ? (gpu ?? "") : null };
}
