import type { ReplacementOutcome } from "../events.ts";
import type { InferenceProcess, ProcessExit } from "./inference-process.ts";
import { ProcessNews, type ProcessOwner } from "./process-news.ts";
import type { ReadyProcess } from "./supervisor.ts";

export interface CpuStandbyOptions extends ProcessOwner {
  /** Starts a process of the model on the CPU. */
  readonly startProcess: () => InferenceProcess;
  /** Whether the model is still computed elsewhere. */
  readonly isWanted: () => boolean;
  /** Without work for so long it is stopped, in milliseconds. */
  readonly idleMs: number;
  /** One that did not get ready is not started again for so long, in milliseconds. */
  readonly retryMs: number;
}

/**
 * One process on the CPU beside those on GPUs, for what these have no memory for: started when it is needed, stopped when
 * it was not for a while.
 *
 * none → starting → ready → none; one that fails before it is ready leaves none for a time.
 */
export class CpuStandby {
  readonly #options: CpuStandbyOptions;
  readonly #news: ProcessNews;
  #process: InferenceProcess | null = null;
  /** The process was ready once. */
  #wasReady = false;
  /** From `acquire` to `release`. */
  #isInUse = false;
  /** It is to leave when it is not in use any more. */
  #leaving: InferenceProcess | null = null;
  #idleTimer: NodeJS.Timeout | null = null;
  /** On the clock of `performance.now()`. */
  #retryAt = 0;
  #isStopped = false;

  constructor(options: CpuStandbyOptions) {
    this.#options = options;
    this.#news = new ProcessNews(options);
  }

  /** It runs, or may be started. */
  get isAvailable(): boolean {
    return (
      !this.#isStopped && this.#options.isWanted() && (this.#process !== null || performance.now() >= this.#retryAt)
    );
  }

  /** Its pid, while it runs. */
  get pids(): readonly number[] {
    return this.#process === null ? [] : [this.#process.pid];
  }

  get readyProcesses(): readonly ReadyProcess[] {
    return this.#process?.isReady === true ? [{ pid: this.#process.pid, role: "fallback" }] : [];
  }

  /**
   * Resolves with the process once it is ready; `release` gives it back.
   * @throws ProcessExitedError, or what the system said, when it does not get ready; Error once it was stopped.
   */
  async acquire(): Promise<InferenceProcess> {
    clearTimeout(this.#idleTimer ?? undefined);
    if (this.#process?.isReady === false && this.#wasReady) {
      // It was asked to leave a moment ago, or has crashed.
      await this.#process.exited;
    }
    // Perhaps while that was waited for.
    if (this.#isStopped) {
      throw new Error("the process on the CPU was stopped");
    }
    const process = this.#process ?? this.#start();
    this.#isInUse = true;
    try {
      await process.ready;
    } catch (error) {
      this.#isInUse = false;
      this.#retryAt = performance.now() + this.#options.retryMs;
      throw error;
    }
    return process;
  }

  /** Nobody uses it now. */
  release(): void {
    this.#isInUse = false;
    clearTimeout(this.#idleTimer ?? undefined);
    if (this.#leaving !== null) {
      void this.#leaving.stop("replaced");
      return;
    }
    this.#idleTimer = setTimeout(() => void this.#process?.stop(), this.#options.idleMs).unref();
  }

  /** Ends the process of this pid as soon as nobody uses it, in favour of another at the next need. Resolves when it has exited. */
  async replace(pid: number): Promise<ReplacementOutcome> {
    const process = this.#process;
    if (process?.pid !== pid) {
      return "exited";
    }
    this.#leaving = process;
    if (!this.#isInUse) {
      void process.stop("replaced");
    }
    const { reason } = await process.exited;
    return reason === "replaced" ? "replaced" : "exited";
  }

  /** Ends it for good; resolves when it has exited. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#idleTimer ?? undefined);
    await this.#process?.stop();
  }

  /** SIGKILL, for a shutdown that cannot wait. */
  kill(): void {
    this.#isStopped = true;
    clearTimeout(this.#idleTimer ?? undefined);
    this.#process?.kill("stopped");
  }

  #start(): InferenceProcess {
    const { events, startProcess, retryMs } = this.#options;
    const startedAt = performance.now();
    this.#retryAt = startedAt + retryMs;
    let process: InferenceProcess;
    try {
      process = startProcess();
    } catch (error) {
      events.emit("error_occurred", { where: "supervisor", error });
      throw error;
    }
    this.#process = process;
    this.#retryAt = 0;
    this.#news.started(process, "fallback");
    this.#wasReady = false;
    process.ready.then(
      () => {
        this.#wasReady = true;
        this.#news.ready(process, performance.now() - startedAt);
      },
      () => {
        // It exited before it was ready: told below.
      },
    );
    void process.exited.then((exit) => this.#forget(process, exit));
    return process;
  }

  #forget(process: InferenceProcess, exit: ProcessExit): void {
    this.#process = null;
    this.#leaving = null;
    this.#news.exited(process, this.#wasReady, exit);
  }
}
