import { ServiceError } from "../errors.ts";
import type { EventBus } from "../events.ts";
import { type InferenceProcess, ProcessExitedError } from "../processes/inference-process.ts";
import type { ResultMessage, WindowInput } from "../processes/protocol.ts";
import { type BatchLimits, chooseBatch } from "./batch.ts";
import { CostModel } from "./cost-model.ts";
import { FairQueue } from "./fair-queue.ts";
import { Job, type JobResult, type PendingWindow } from "./job.ts";
import { hasRoom } from "./queue-admission.ts";
import type { ClientKey, RequestContext } from "./request-context.ts";
import { WaitingJobs } from "./waiting-jobs.ts";

export interface SchedulerSettings extends BatchLimits {
  /** Jobs that may wait. */
  readonly maxQueueSize: number;
  /** Tokens that may wait; the last job admitted may pass it. */
  readonly maxQueueTokens: number;
  /** A run without progress for longer than this, in milliseconds, and … */
  readonly runLimitFloorMs: number;
  /** … for longer than this many times its predicted duration is killed. */
  readonly runLimitFactor: number;
}

export interface SchedulerOptions {
  readonly model: string;
  readonly events: EventBus;
  /** Read at every decision, so that a reload takes effect at once. */
  readonly settings: () => SchedulerSettings;
}

/** Windows looked at for one batch: enough to find like lengths; 256 addresses waiting, a decision takes 0.5 ms. */
const lookahead = 64;

/**
 * Share of `maxQueueTokens` that one job may hold, because the last job admitted may pass the limit. Some characters
 * are 18 letters each, so the number of characters does not bound the tokens.
 */
const largestJobShare = 1 / 4;

/** What a CamemBERT of 12 × 384 costs on one core before anything was observed; the runs soon correct it. */
const priorCost = { fixedMs: 1, perTokenMs: 0.15 };

/** Bounds of a suggested wait, in milliseconds. */
const minRetryAfterMs = 50;
const maxRetryAfterMs = 60_000;

/**
 * Decides when and with whom the windows of one model run. Owns its queue and hands batches to idle instances.
 *
 * A window waits, runs and is answered; when its process dies under it, it runs once more by itself, and a second death
 * is its job's failure. Jobs whose signal aborts leave the queue at once and are never run.
 */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #queue = new FairQueue<PendingWindow>();
  readonly #waiting = new WaitingJobs();
  readonly #jobs = new Set<Job>();
  readonly #idle = new Set<InferenceProcess>();
  readonly #cost = new CostModel(priorCost);
  #instanceCount = 0;
  #nextJobId = 1;
  #dispatchIsPlanned = false;
  #drained: PromiseWithResolvers<void> | null = null;

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  /** Windows that wait. */
  get queueDepth(): number {
    return this.#queue.size;
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

  /** The refusal that a job of this client would meet now, or null. Costs no more than a few look-ups. */
  refusal(client: ClientKey): ServiceError | null {
    const { maxQueueSize, maxQueueTokens } = this.#options.settings();
    const { jobs, tokens } = this.#waiting.loads(client);
    if (hasRoom({ limit: maxQueueSize, ...jobs }) && hasRoom({ limit: maxQueueTokens, ...tokens })) {
      return null;
    }
    return new ServiceError("overloaded", "The service is at capacity. Try again later.", {
      retryAfterMs: this.#drainMs(),
    });
  }

  /**
   * Queues the windows of one request.
   * @throws ServiceError `payload_too_large` for more tokens than one job may hold; `overloaded` at once when the queue
   * has no room; `inference_process_crashed` when a window outlived two processes; the signal's reason when it aborts.
   */
  async submit(inputs: readonly WindowInput[], context: RequestContext): Promise<JobResult> {
    context.signal.throwIfAborted();
    const job = new Job(this.#nextJobId++, inputs, context, performance.now());
    const maxJobTokens = Math.floor(this.#options.settings().maxQueueTokens * largestJobShare);
    if (job.tokens > maxJobTokens) {
      const message = `The texts have ${job.tokens} tokens in windows, more than the ${maxJobTokens} of one request.`;
      throw new ServiceError("payload_too_large", message);
    }
    const refusal = this.refusal(context.client);
    if (refusal !== null) {
      throw refusal;
    }
    this.#jobs.add(job);
    this.#waiting.add(job);
    for (const window of job.windows) {
      this.#queue.push(window);
    }
    const onAbort = (): void => this.#fail(job, context.signal.reason);
    context.signal.addEventListener("abort", onAbort, { once: true });
    this.#planDispatch();
    try {
      return await job.result;
    } finally {
      context.signal.removeEventListener("abort", onAbort);
      this.#forget(job);
    }
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
  }

  #nextBatch(): PendingWindow[] {
    this.#dropExpired();
    const candidates = this.#queue.peek(lookahead);
    const chosen = chooseBatch(candidates, this.#options.settings(), this.#cost.estimate, this.#idle.size);
    const batch = chosen.map((position) => candidates[position]).filter((window) => window !== undefined);
    for (const window of batch) {
      this.#queue.take(window);
      if (!window.mustRunAlone) {
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
        this.#fail(job, new ServiceError("deadline_exceeded", "The deadline passed while the request was waiting."));
      }
    }
  }

  async #run(instance: InferenceProcess, batch: readonly PendingWindow[]): Promise<void> {
    const now = performance.now();
    for (const { job } of batch) {
      job.markDispatched(now);
    }
    const paddedTokens = batch.length * Math.max(...batch.map(({ length }) => length));
    const { runLimitFloorMs, runLimitFactor } = this.#options.settings();
    const limitMs = Math.max(runLimitFloorMs, runLimitFactor * this.#cost.predictMs(paddedTokens));
    let result: ResultMessage;
    try {
      result = await instance.run(
        batch.map(({ input }) => input),
        limitMs,
      );
    } catch (error) {
      this.#retryAlone(batch, error);
      this.#becomeIdle(instance);
      return;
    }
    this.#becomeIdle(instance);
    this.#deliver(batch, result, paddedTokens);
  }

  #becomeIdle(instance: InferenceProcess): void {
    if (instance.isReady) {
      this.#idle.add(instance);
      // Before the answers are worked on: the child must not wait for them.
      this.#dispatch();
    }
  }

  #deliver(batch: readonly PendingWindow[], { outputs, inferenceMs }: ResultMessage, paddedTokens: number): void {
    if (outputs.length !== batch.length) {
      const facts = { windows: batch.length, outputs: outputs.length };
      for (const { job } of batch) {
        this.#fail(job, new ServiceError("invalid_prediction", "The model gave an invalid answer.", { facts }));
      }
      return;
    }
    this.#cost.observe(paddedTokens, inferenceMs);
    this.#options.events.emit("batch_completed", {
      model: this.#options.model,
      windows: batch.length,
      tokens: batch.reduce((total, { length }) => total + length, 0),
      paddedTokens,
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

  #retryAlone(batch: readonly PendingWindow[], error: unknown): void {
    for (const window of batch) {
      if (window.mustRunAlone) {
        this.#fail(window.job, finalFailure(error));
      } else if (!window.job.isSettled) {
        window.mustRunAlone = true;
        this.#queue.putBack(window);
      }
    }
    this.#planDispatch();
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
    }
    this.#waiting.remove(job);
    if (this.#jobs.size === 0) {
      this.#drained?.resolve();
      this.#drained = null;
    }
  }

  /** When the queue of now will have been worked off, by the cost model. */
  #drainMs(): number {
    const { perTokenMs } = this.#cost.estimate;
    const drainMs = (this.#queue.tokens * perTokenMs) / Math.max(1, this.#instanceCount);
    return Math.min(maxRetryAfterMs, Math.max(minRetryAfterMs, Math.ceil(drainMs)));
  }
}

function finalFailure(error: unknown): ServiceError {
  if (error instanceof ProcessExitedError) {
    const { reason, exitCode, signal } = error.exit;
    return new ServiceError("inference_process_crashed", "The inference process ended while it ran this request.", {
      cause: error,
      facts: { reason, exitCode, signal },
    });
  }
  return new ServiceError("internal_error", "The inference failed.", { cause: error });
}
