import { ServiceError } from "../errors.ts";
import type { InferenceProcess } from "../processes/inference-process.ts";
import type { WindowInput } from "../processes/protocol.ts";
import { chooseBatch } from "./batch.ts";
import { BatchCeiling } from "./batch-ceiling.ts";
import { BatchRuns } from "./batch-runs.ts";
import { CpuLane } from "./cpu-lane.ts";
import { DeathCauses } from "./death-causes.ts";
import { FailedRuns } from "./failed-runs.ts";
import { FairQueue } from "./fair-queue.ts";
import { finalFailure } from "./final-failure.ts";
import { type Batch, InstanceWork, paddedLengthOf } from "./instance-work.ts";
import { Job, type JobResult, type PendingWindow } from "./job.ts";
import { hasRoom } from "./queue-admission.ts";
import type { ClientKey, RequestContext } from "./request-context.ts";
import type { SchedulerOptions } from "./scheduler-options.ts";
import { WaitingJobs } from "./waiting-jobs.ts";

/** Windows looked at for one batch, or as many as fit: enough to find like lengths; 256 addresses waiting, a decision takes 0.5 ms. */
const lookahead = 64;

/** Runs that an instance works on at most. */
const maxInterleavedRuns = 2;

/**
 * Share of `maxQueueLength` that one job may hold, because the last job admitted may pass the limit. Some characters
 * are four tokens each, so the number of characters does not bound them.
 */
const largestJobShare = 1 / 4;

/** Bounds of a suggested wait, in milliseconds. */
const minRetryAfterMs = 50;
const maxRetryAfterMs = 60_000;

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
  readonly #work = new InstanceWork();
  readonly #cpuLane: CpuLane;
  readonly #ceiling = new BatchCeiling();
  readonly #failedRuns: FailedRuns;
  readonly #causes: DeathCauses;
  readonly #runs: BatchRuns;
  /** When work came into the idle scheduler. */
  #busySince = 0;
  #dispatchIsPlanned = false;
  #drained: PromiseWithResolvers<void> | null = null;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#cpuLane = new CpuLane({
      cpu: options.cpu,
      run: (process, window) => this.#runOnCpu(process, window),
      fail: (window) => this.#failedRuns.giveUp(window),
      failUnexpectedly: ({ job }, error) => {
        options.events.emit("error_occurred", { where: "scheduler", error });
        this.#fail(job, finalFailure(error));
      },
    });
    this.#causes = new DeathCauses(options);
    this.#failedRuns = new FailedRuns({
      model: options.model,
      events: options.events,
      causes: this.#causes,
      ceiling: this.#ceiling,
      cpuLane: this.#cpuLane,
      runAgain: (window) => {
        window.isRetry = true;
        this.#queue.putBack(window);
      },
      runOnCpu: (window, isAgain) => this.#sendToCpu(window, isAgain),
      fail: (job, error) => this.#fail(job, error),
    });
    this.#runs = new BatchRuns({
      ...options,
      work: this.#work,
      ceiling: this.#ceiling,
      cpuLane: this.#cpuLane,
      failedRuns: this.#failedRuns,
      onFree: () => this.#dispatch(),
      onFailed: () => this.#planDispatch(),
      fail: (job, error) => this.#fail(job, error),
    });
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
    return Math.max(startingAt, this.#runs.resultAt, this.#failedRuns.poisonedAt, this.#work.lastSignAt);
  }

  /** Windows that were computed on the CPU because the instances had too little memory for them. */
  get cpuAnswers(): number {
    return this.#runs.cpuAnswers;
  }

  /** Whether this client has a job of which nothing runs now. */
  isWaiting({ address, clientId }: ClientKey): boolean {
    const running = new Set(this.#work.underWay.flat().map(({ job }) => job));
    return [...this.#jobs].some((job) => {
      const { client } = job.context;
      return client.address === address && client.clientId === clientId && !running.has(job);
    });
  }

  /** What the longest of the runs under way takes, or one of this padded length, as far as is known. Milliseconds. */
  longestRunMs(paddedLength: number): number {
    return this.#runs.predictMs(Math.max(paddedLength, ...this.#work.underWay.map(paddedLengthOf)));
  }

  /** What the longest of the runs under way may take without progress, in milliseconds; 0 while none is. */
  get grantedMs(): number {
    const limits = [...this.#work.running].flatMap(([instance, batches]) =>
      [...batches].map((batch) => this.#runs.limitMs(instance, paddedLengthOf(batch))),
    );
    return Math.max(0, ...limits);
  }

  /** Windows of a batch at most, by the settings of now. */
  get maxBatchSize(): number {
    return this.#options.settings().maxBatchSize;
  }

  /** Jobs that wait or run. */
  get jobCount(): number {
    return this.#jobs.size;
  }

  /** Gives the scheduler a ready process; it is forgotten when it exits. */
  addInstance(instance: InferenceProcess): void {
    this.#work.add(instance);
    this.#planDispatch();
  }

  /** Gives the instance no further batch. Resolves when it works on none. */
  retire(instance: InferenceProcess): Promise<void> {
    return this.#work.retire(instance);
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

  get #isIdle(): boolean {
    return this.#jobs.size === 0 && !this.#work.isAnyBusy;
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
    for (const instance of this.#work.idle) {
      if (!instance.isReady) {
        this.#work.drop(instance);
        continue;
      }
      const batch = this.#nextBatch();
      if (batch.length === 0) {
        return;
      }
      void this.#runs.run(instance, batch);
    }
    if (!this.#ceiling.isLowered) {
      this.#dispatchBesideOthers();
    }
  }

  /** No instance is idle: requests that have nothing running share one with another request. */
  #dispatchBesideOthers(): void {
    for (const [instance, batches] of this.#work.running) {
      const isTaken = batches.size >= maxInterleavedRuns || [...batches].some(hasToRunAlone);
      const takesTurns = instance.isReady && this.#options.interleavesRuns(instance);
      if (!takesTurns || this.#work.isRetiring(instance) || isTaken) {
        continue;
      }
      const window = this.#candidates().find((each) => !each.mustRunAlone && !this.#hasRunning(each));
      if (window === undefined) {
        return;
      }
      void this.#runs.run(instance, this.#take([window]));
    }
  }

  #hasRunning(window: PendingWindow): boolean {
    return this.#work.underWay.flat().some((each) => isSameRequest(each, window));
  }

  #nextBatch(): Batch {
    const candidates = this.#candidates();
    const limits = this.#ceiling.within(this.#options.settings());
    const chosen = chooseBatch(candidates, limits, this.#runs.estimate, this.#work.idle.size);
    return this.#take(chosen.map((position) => candidates[position]).filter((window) => window !== undefined));
  }

  #candidates(): PendingWindow[] {
    this.#dropExpired();
    return this.#queue.peek(Math.max(lookahead, this.maxBatchSize));
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

  async #runOnCpu(process: InferenceProcess, window: PendingWindow): Promise<void> {
    this.#waiting.leave(window);
    this.#dropExpired();
    if (!window.job.isSettled) {
      await this.#runs.run(process, [window]);
    }
  }

  #sendToCpu(window: PendingWindow, isAgain: boolean): void {
    window.isRetry = true;
    this.#waiting.comeBack(window, performance.now());
    if (isAgain) {
      this.#cpuLane.putBack(window);
    } else {
      this.#cpuLane.add(window);
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
    const { perUnitMs } = this.#runs.estimate;
    const queueMs = (this.#queue.waitingLength * perUnitMs) / Math.max(1, this.#work.instanceCount);
    const cpuMs = this.#cpuLane.waitingLength * this.#runs.cpuEstimate.perUnitMs;
    const drainMs = Math.max(queueMs, cpuMs);
    return Math.min(maxRetryAfterMs, Math.max(minRetryAfterMs, Math.ceil(drainMs)));
  }
}

function hasToRunAlone(batch: Batch): boolean {
  return batch.some(({ mustRunAlone }) => mustRunAlone);
}

function isSameRequest(one: PendingWindow, other: PendingWindow): boolean {
  return one.path.every((key, depth) => key === other.path[depth]);
}
