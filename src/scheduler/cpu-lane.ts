import type { InferenceProcess } from "../processes/inference-process.ts";
import { FairQueue } from "./fair-queue.ts";
import type { PendingWindow } from "./job.ts";

/** A process on the CPU for a model that is computed elsewhere, as `processes/cpu-standby.ts` keeps it. */
export interface CpuProcess {
  /** It runs, or may be started. */
  readonly isAvailable: boolean;
  /**
   * Resolves with a process that is ready, which `release` gives back.
   * @throws Error when it does not get ready, after it has told why.
   */
  acquire(): Promise<InferenceProcess>;
  release(): void;
}

export interface CpuLaneOptions {
  /** Null where there is none to fall back to. */
  readonly cpu: CpuProcess | null;
  /** Runs the window and sees to whatever becomes of it. */
  readonly run: (process: InferenceProcess, window: PendingWindow) => Promise<void>;
  /** There is no process for it, for a reason that was told already. */
  readonly fail: (window: PendingWindow) => void;
  /** `run` threw: a fault of our own. */
  readonly failUnexpectedly: (window: PendingWindow, error: unknown) => void;
}

/** Windows for which the devices have too little memory, one after another on the CPU, by turns as in the queue. */
export class CpuLane {
  readonly #options: CpuLaneOptions;
  readonly #queue = new FairQueue<PendingWindow>();
  #process: InferenceProcess | null = null;
  #isWorking = false;

  constructor(options: CpuLaneOptions) {
    this.#options = options;
  }

  /** Windows may be sent here. */
  get isOpen(): boolean {
    return this.#options.cpu?.isAvailable === true;
  }

  /** Windows that wait. */
  get size(): number {
    return this.#queue.size;
  }

  /** Their lengths, together. */
  get waitingLength(): number {
    return this.#queue.waitingLength;
  }

  /** A process is on its way for windows that wait: that takes as long as it takes, and is no standstill. */
  get isStarting(): boolean {
    return this.#isWorking && this.#process === null;
  }

  owns(process: InferenceProcess): boolean {
    return this.#process === process;
  }

  /** Queues a window for which the devices had too little memory. */
  add(window: PendingWindow): void {
    this.#queue.push(window);
    this.#begin();
  }

  /** Queues a window again whose run here came to nothing. */
  putBack(window: PendingWindow): void {
    this.#queue.putBack(window);
    this.#begin();
  }

  /** Nobody waits for it any more. Idempotent. */
  remove(window: PendingWindow): void {
    this.#queue.remove(window);
  }

  #begin(): void {
    if (!this.#isWorking) {
      void this.#work();
    }
  }

  async #work(): Promise<void> {
    this.#isWorking = true;
    while (this.#queue.size > 0) {
      const process = await this.#acquire();
      if (process === null) {
        this.#queue.peek(this.#queue.size).forEach((window) => this.#options.fail(window));
      } else {
        await this.#runNext(process);
      }
    }
    this.#isWorking = false;
  }

  /** Null when there is none. */
  async #acquire(): Promise<InferenceProcess | null> {
    try {
      return (await this.#options.cpu?.acquire()) ?? null;
    } catch {
      // It has told why.
      return null;
    }
  }

  async #runNext(process: InferenceProcess): Promise<void> {
    const { cpu, run, failUnexpectedly } = this.#options;
    this.#process = process;
    const [window] = this.#queue.peek(1);
    if (window !== undefined) {
      this.#queue.take(window);
      try {
        await run(process, window);
      } catch (error) {
        failUnexpectedly(window, error);
      }
    }
    this.#process = null;
    cpu?.release();
  }
}
