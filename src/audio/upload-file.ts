import { fstatSync, readSync } from "node:fs";
import { Stopwatch } from "./stopwatch.ts";

export interface UploadFileOptions {
  readonly descriptor: number;
  /** Blocks until the file has grown or is complete. */
  readonly waitForGrowth: () => void;
  /** Called at every read. */
  readonly onRead: () => void;
}

/** The upload as a file that may still grow: a read at its end waits, until the upload is complete. */
export class UploadFile {
  readonly #options: UploadFileOptions;
  readonly #waiting = new Stopwatch();

  constructor(options: UploadFileOptions) {
    this.#options = options;
  }

  /** Milliseconds spent waiting for growth. */
  get waitedMs(): number {
    return this.#waiting.totalMs;
  }

  /** Whether no more will come. */
  get isComplete(): boolean {
    // Its owner may write to it for as long as it grows.
    return (fstatSync(this.#options.descriptor).mode & 0o200) === 0;
  }

  /** Bytes so far. */
  get size(): number {
    return fstatSync(this.#options.descriptor).size;
  }

  /** Reads into `target` from `position`; 0 at the end of the complete upload. */
  read(target: Uint8Array, position: number): number {
    this.#options.onRead();
    for (;;) {
      // Asked before the read: what comes between the two would be lost otherwise.
      const wasComplete = this.isComplete;
      const length = readSync(this.#options.descriptor, target, 0, target.length, position);
      if (length > 0 || wasComplete) {
        return length;
      }
      this.#waiting.time(this.#options.waitForGrowth);
    }
  }
}
