import { randomUUID } from "node:crypto";
import { closeSync, fchmodSync, openSync, read, unlinkSync, write } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const readAt = promisify(read);
const writeAt = promisify(write);

/** While it has a name: for no other user. */
const namedMode = 0o600;
/** Readable by the unprivileged user of the sandbox; its readers see that it is complete when nobody may write to it. */
const growingMode = 0o644;
const completeMode = 0o444;

/**
 * The copy of one upload on disk, so that decoding can start again. It has no name from its first moment on: it is gone
 * with the last process that holds it, whatever happens.
 */
export class SpoolFile {
  /** For subprocesses: read only. */
  readonly readDescriptor: number;
  readonly #writeDescriptor: number;
  #bytes = 0;
  #isComplete = false;
  #isClosed = false;
  /** Reads and writes under way: their descriptor's number must not go to another file under them. */
  readonly #pending = new Set<Promise<unknown>>();

  /** @throws Error of the system when the folder for temporary files takes none. */
  constructor() {
    const path = join(tmpdir(), `guardrail-upload-${randomUUID()}`);
    this.#writeDescriptor = openSync(path, "wx", namedMode);
    try {
      this.readDescriptor = openForReading(path);
      fchmodSync(this.#writeDescriptor, growingMode);
    } catch (error) {
      closeSync(this.#writeDescriptor);
      throw error;
    }
  }

  get bytes(): number {
    return this.#bytes;
  }

  get isComplete(): boolean {
    return this.#isComplete;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Appends; one call after the other. Does nothing once it is closed.
   * @throws Error of the system, such as `ENOSPC`.
   */
  async append(chunk: Uint8Array): Promise<void> {
    for (let written = 0; written < chunk.length && !this.#isClosed; ) {
      const { bytesWritten } = await this.#track(
        writeAt(this.#writeDescriptor, chunk, written, chunk.length - written, this.#bytes),
      );
      written += bytesWritten;
      this.#bytes += bytesWritten;
    }
  }

  /** Reads what is there from `position` on into `target`; 0 at the end, and once it is closed. */
  async read(target: Uint8Array, position: number): Promise<number> {
    if (this.#isClosed) {
      return 0;
    }
    const { bytesRead } = await this.#track(readAt(this.readDescriptor, target, 0, target.length, position));
    return bytesRead;
  }

  /** Says that no more will come. */
  complete(): void {
    if (!this.#isClosed) {
      this.#isComplete = true;
      fchmodSync(this.#writeDescriptor, completeMode);
    }
  }

  close(): void {
    if (!this.#isClosed) {
      this.#isClosed = true;
      void Promise.allSettled(this.#pending).then(() => {
        [this.#writeDescriptor, this.readDescriptor].forEach(closeQuietly);
      });
    }
  }

  #track<Result>(action: Promise<Result>): Promise<Result> {
    this.#pending.add(action);
    const forget = (): void => void this.#pending.delete(action);
    action.then(forget, forget);
    return action;
  }
}

/** Takes the file's name away, whether it can be opened or not. */
function openForReading(path: string): number {
  try {
    return openSync(path, "r");
  } finally {
    unlinkSync(path);
  }
}

/** The descriptor is gone in any case; what the disk says of the last bytes matters no more. */
function closeQuietly(descriptor: number): void {
  try {
    closeSync(descriptor);
  } catch {
    // Nobody will read the file.
  }
}
