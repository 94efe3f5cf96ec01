import { Worker } from "node:worker_threads";
import { ServiceError } from "../errors.ts";
import type { TextWorkerExitReason } from "../events.ts";
import { OperatorError } from "../operator-error.ts";
import type { PrepareMessage, TextResult, TextWorkerData, TextWorkerMessage, TextWorkerSettings } from "./messages.ts";

/** A message's results in the order of its texts, or which text stopped the thread before it could answer. */
export type WorkOutcome =
  | { readonly results: readonly TextResult[] }
  | { readonly failedText: number; readonly error: ServiceError };

interface Work {
  readonly resolve: (outcome: WorkOutcome) => void;
  readonly timer: NodeJS.Timeout;
}

/** One thread from its start to its end, with one message in work at a time. It is not used again after it has ended. */
export class TextThread {
  /** Resolves when it takes work; rejects with an `OperatorError` when it ends before. */
  readonly ready: Promise<void>;
  readonly #worker: Worker;
  readonly #progress = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  #work: Work | null = null;
  #exitReason: TextWorkerExitReason | null = null;

  constructor(entry: URL, settings: TextWorkerSettings) {
    const workerData: TextWorkerData = { ...settings, progress: this.#progress };
    this.#worker = new Worker(entry, { name: "text", workerData, resourceLimits });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.ready = promise;
    // Whoever needs the thread awaits `ready` and meets the rejection; nobody may need it yet.
    promise.catch(() => undefined);
    let failure: unknown = null;
    this.#worker.on("message", (message: TextWorkerMessage) => {
      if (message.kind === "ready") {
        resolve();
      } else {
        this.#finish({ results: message.results });
      }
    });
    this.#worker.on("error", (error) => {
      failure = error;
    });
    this.#worker.on("exit", (exitCode) => {
      this.#exitReason ??= "crashed";
      // Before it was ready it saw no user text: the whole cause can be told. Afterwards only the error's name can.
      const cause = failure instanceof Error ? failure.message : `exit code ${exitCode}`;
      reject(new OperatorError(`the text worker cannot start: ${cause}`));
      const errorName = failure instanceof Error ? failure.name : null;
      this.#fail(new ServiceError("internal_error", "The text worker crashed.", { facts: { exitCode, errorName } }));
    });
  }

  /** Null while the thread lives. */
  get exitReason(): TextWorkerExitReason | null {
    return this.#exitReason;
  }

  /**
   * Has texts prepared by a thread that is ready and has no work. Never rejects. The outcome is a failure with
   * `deadline_exceeded` after `timeLimitMs`, or with `internal_error` when the thread dies; either way it has ended.
   */
  prepare(texts: readonly string[], timeLimitMs: number): Promise<WorkOutcome> {
    const { promise, resolve } = Promise.withResolvers<WorkOutcome>();
    const timer = setTimeout(() => {
      // An event loop that was busy for long finds the timer due before it has read an answer that is already there.
      setImmediate(() => this.#stopIfStillAt(work, timeLimitMs));
    }, timeLimitMs);
    const work = { resolve, timer };
    this.#work = work;
    Atomics.store(this.#progress, 0, 0);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origin
    this.#worker.postMessage({ kind: "prepare", texts } satisfies PrepareMessage);
    return promise;
  }

  /** Ends the thread, whatever it does: it runs JavaScript alone, so that is safe at any time. */
  async terminate(): Promise<void> {
    this.#exitReason ??= "closed";
    await this.#worker.terminate();
  }

  #stopIfStillAt(work: Work, timeLimitMs: number): void {
    if (this.#work === work) {
      this.#exitReason ??= "time_limit";
      const message = `Preparing the text took longer than ${timeLimitMs} ms.`;
      this.#fail(new ServiceError("deadline_exceeded", message, { facts: { timeLimitMs } }));
      void this.#worker.terminate();
    }
  }

  #fail(error: ServiceError): void {
    this.#finish({ failedText: Atomics.load(this.#progress, 0), error });
  }

  #finish(outcome: WorkOutcome): void {
    const work = this.#work;
    this.#work = null;
    clearTimeout(work?.timer);
    work?.resolve(outcome);
  }
}

/** The tokenizer keeps 5 MB and the longest text takes some 40 for a moment: a thread that needs this much went astray. */
const resourceLimits = { maxOldGenerationSizeMb: 256 };
