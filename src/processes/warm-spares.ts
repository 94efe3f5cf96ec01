import { startFailure } from "./audio-failures.ts";
import type { AudioWorker } from "./audio-worker.ts";
import { SpoolFile } from "./spool-file.ts";

/** Starts a worker on an upload, which it may want whole or while it grows. Throws when the system starts no process. */
export type StartWorker = (upload: SpoolFile, needsWholeFile: boolean) => AudioWorker;

/** A worker that waits for an upload, and the empty file that it will read it from. */
export interface Spare {
  readonly worker: AudioWorker;
  readonly upload: SpoolFile;
}

export interface WarmSparesOptions {
  /** How many wait. */
  readonly count: number;
  readonly startWorker: StartWorker;
  /** A spare could not be started, or failed before it was ready. */
  readonly onFailure: (error: unknown) => void;
}

/** Doubles with each failure in a row; those that come while a start waits count as one. */
const firstBackoffMs = 500;
const longestBackoffMs = 30_000;
const failuresOfProblem = 3;

/** Keeps workers waiting, so that an upload is decoded from its first bytes on. */
export class WarmSpares {
  readonly #options: WarmSparesOptions;
  readonly #waiting = new Set<Spare>();
  #failures = 0;
  #lastFailure: string | null = null;
  #timer: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(options: WarmSparesOptions) {
    this.#options = options;
  }

  /** Why no spare gets ready; null unless several failed in a row: one may have been killed. */
  get problem(): string | null {
    return this.#failures >= failuresOfProblem ? this.#lastFailure : null;
  }

  /** Starts what is missing. */
  fill(): void {
    while (!this.#isClosed && this.#timer === null && this.#waiting.size < this.#options.count) {
      try {
        void this.#watch(this.#start());
      } catch (error) {
        this.#fail(error);
      }
    }
  }

  /**
   * A worker and its file, which are the caller's from now on; another takes their place.
   * @throws ServiceError `overloaded` when the system is short of something; Error when it starts no process for another
   * reason.
   */
  take(): Spare {
    const [spare] = this.#waiting;
    if (spare === undefined) {
      try {
        return this.#start();
      } catch (error) {
        throw startFailure(error);
      }
    }
    this.#waiting.delete(spare);
    this.fill();
    return spare;
  }

  close(): void {
    this.#isClosed = true;
    if (this.#timer !== null) {
      clearTimeout(this.#timer);
    }
    for (const spare of this.#waiting) {
      this.#waiting.delete(spare);
      dispose(spare);
    }
  }

  #start(): Spare {
    const upload = new SpoolFile();
    try {
      return { worker: this.#options.startWorker(upload, false), upload };
    } catch (error) {
      upload.close();
      throw error;
    }
  }

  /** One that was ready is replaced when it ends; one that never was counts as a failure, and its rest is ended. */
  async #watch(spare: Spare): Promise<void> {
    this.#waiting.add(spare);
    try {
      await spare.worker.ready;
    } catch (error) {
      if (this.#waiting.delete(spare)) {
        dispose(spare);
        this.#fail(error);
      }
      return;
    }
    this.#succeed();
    await spare.worker.exited;
    if (this.#waiting.delete(spare)) {
      dispose(spare);
      this.fill();
    }
  }

  #succeed(): void {
    this.#failures = 0;
    this.#lastFailure = null;
  }

  #fail(error: unknown): void {
    this.#lastFailure = error instanceof Error ? error.message : "an audio process could not be started";
    this.#options.onFailure(error);
    if (this.#timer !== null || this.#isClosed) {
      return;
    }
    const delayMs = Math.min(longestBackoffMs, firstBackoffMs * 2 ** this.#failures++);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.fill();
    }, delayMs).unref();
  }
}

function dispose({ worker, upload }: Spare): void {
  worker.kill();
  upload.close();
}
