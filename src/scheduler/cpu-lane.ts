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

  /** A process is on its way for windows that wait: that takes as long as it takes, and is no standstill. */
  get isStarting(): boolean {
    return this.#isWorking && this.#process === null;
  }

  owns(process: InferenceProcess): boolean {
    return this.#process === process;
  }

  /** Queues a window that was taken elsewhere. */
  putBack(window: PendingWindow): void {
    this.#queue.putBack(window);
    if (!this.#isWorking) {
      void this.#work();
    }
  }

  /** Nobody waits for it any more. Idempotent. */
  remove(window: PendingWindow): void {
    this.#queue.remove(window);
  }

  async #work(): Promise<void> {
    this.#isWorking = true;
    try {
      while (this.#queue.size > 0) {
        await this.#runNext();
      }
    } catch {
      this.#queue.peek(this.#queue.size).forEach((window) => this.#options.fail(window));
    } finally {
      this.#isWorking = false;
    }
  }

  async #runNext(): Promise<void> {
    const { cpu, run } = this.#options;
    if (cpu === null) {
      throw new Error("a window was sent to the CPU where there is no process for it");
    }
    this.#process = await cpu.acquire();
    try {
      const [window] = this.#queue.peek(1);
      if (window !== undefined) {
        this.#queue.take(window);
        await run(this.#process, window);
      }
    } finally {
      this.#process = null;
      cpu.release();
    }
  }
}
