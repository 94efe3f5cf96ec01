import type { WindowInput, WindowOutput } from "../processes/protocol.ts";
import type { OpenStage } from "../request-timeline.ts";
import type { CeilingMark } from "./batch-ceiling.ts";
import type { QueueEntry } from "./fair-queue.ts";
import type { Rung } from "./fallback-ladder.ts";
import type { RequestContext } from "./request-context.ts";

export interface JobResult {
  /** One per window, in order. */
  readonly outputs: readonly WindowOutput[];
  /** From submission to the first window's dispatch, in milliseconds. */
  readonly queueMs: number;
  /** From the first window's dispatch to the last window's result, in milliseconds. */
  readonly inferenceMs: number;
}

/** One window of a job while it waits or runs. */
export interface PendingWindow extends QueueEntry {
  readonly job: Job;
  /** Position in the job. */
  readonly index: number;
  readonly input: WindowInput;
  /** It ran before and came to nothing, so it waits no more for its first turn. */
  isRetry: boolean;
  /** A run of it failed, or died with its process: the next that does is its own fault. */
  hasFailed: boolean;
  /** So that a poisoned window fails alone, or because there is no memory for more. */
  mustRunAlone: boolean;
  /** What it came down to for want of memory. */
  rung: Rung;
  /** What batches were allowed before one with this window had too little memory; null while none had. */
  ceilingMark: CeilingMark | null;
  /** How that process ended; null when it did not, and before. */
  death: ProcessDeath | null;
}

/** The end of a process that ran a window. */
export interface ProcessDeath {
  readonly pid: number;
  /** The device that was lost to it; null when it ended for another reason. */
  readonly lostDevice: string | null;
  /** Nobody else's window ran in it. */
  readonly isOneClients: boolean;
}

/**
 * Windows of one request for one model: waiting until every output is there, or until the first failure. A request may
 * have several jobs, one after another or at once: they share its turn.
 */
export class Job {
  readonly context: RequestContext;
  readonly windows: readonly PendingWindow[];
  /** Of all windows together. */
  readonly length: number;
  readonly result: Promise<JobResult>;
  readonly #settle: PromiseWithResolvers<JobResult>;
  readonly #outputs: (WindowOutput | undefined)[];
  /** On the clock of `performance.now()`. */
  readonly submittedAt: number;
  #queueing: OpenStage | undefined;
  #missing: number;
  #dispatchedAt: number | null = null;
  #isSettled = false;

  constructor(inputs: readonly WindowInput[], context: RequestContext, now: number) {
    const path = [context.client.address, context.client.clientId, context.requestId];
    this.context = context;
    this.windows = inputs.map((input, index) => ({
      job: this,
      index,
      input,
      length: input.kind === "text" ? input.inputIds.length : input.frames,
      path,
      isRetry: false,
      hasFailed: false,
      mustRunAlone: false,
      rung: "batch",
      ceilingMark: null,
      death: null,
    }));
    this.length = this.windows.reduce((total, { length }) => total + length, 0);
    this.#settle = Promise.withResolvers();
    this.result = this.#settle.promise;
    this.#outputs = inputs.map(() => undefined);
    this.#missing = inputs.length;
    this.submittedAt = now;
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** It waits, since its submission: it was not refused. */
  markQueued(): void {
    this.#queueing = this.context.timeline?.begin("queue", this.submittedAt);
  }

  markDispatched(now: number): void {
    this.#dispatchedAt ??= now;
    this.#queueing?.end(now, { windows: this.windows.length, length: this.length });
  }

  deliver(index: number, output: WindowOutput, now: number): void {
    if (this.#isSettled || this.#outputs[index] !== undefined) {
      return;
    }
    this.#outputs[index] = output;
    this.#missing--;
    if (this.#missing === 0) {
      this.#isSettled = true;
      const dispatchedAt = this.#dispatchedAt ?? now;
      this.#settle.resolve({
        outputs: this.#outputs.filter((each) => each !== undefined),
        queueMs: dispatchedAt - this.submittedAt,
        inferenceMs: now - dispatchedAt,
      });
    }
  }

  /** The first failure settles the job; later ones are about the same request and change nothing. */
  fail(error: unknown): void {
    if (!this.#isSettled) {
      this.#isSettled = true;
      this.#settle.reject(error);
    }
  }
}
