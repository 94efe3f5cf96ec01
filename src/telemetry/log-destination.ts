import { write, writeSync } from "node:fs";

/** Where log lines go. Takes a line without waiting; when nobody reads, it loses lines rather than memory. */
export interface LogDestination {
  write(line: string): void;
  /** Resolves when everything written so far has left the process, or cannot leave it now. */
  flush(): Promise<void>;
  /** Lines lost since the last call. */
  takeLostLines(): number;
}

/** Bytes that may be held for a slow reader or a full disk: some 40,000 lines. */
const defaultMaxHeldBytes = 16_777_216;
/** Lines are gathered for this long: a write costs more than making a line, and under overload lines are many. */
const gatherMs = 20;
/** Before a reader that was busy, or a disk that was full, is tried again. */
const retryDelayMs = 100;
/** Tries at exit, `retryDelayMs` apart, when the reader is busy. */
const exitTries = 10;

/**
 * Writes lines to a file descriptor, all those that came within `gatherMs` at once. What waits when the process exits is
 * written then. (pino's own destination never gives up at exit when its reader is gone or the disk is full.)
 */
export class AsyncLogDestination implements LogDestination {
  readonly #fileDescriptor: number;
  readonly #maxHeldBytes: number;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  /** Taken out of `#waiting` and not known to be written; counts against the limit as long as it is here. */
  #unwritten: Buffer = Buffer.alloc(0);
  /** A call of `write` is open: what it was given may leave at any moment. */
  #isInFlight = false;
  /** From the first waiting line until nothing waits. */
  #isWriting = false;
  /** Until the lines of now are written; null while they are. */
  #gathering: NodeJS.Timeout | null = null;
  #isBroken = false;
  #lostLines = 0;
  #onIdle: (() => void)[] = [];

  constructor(fileDescriptor: number, maxHeldBytes: number = defaultMaxHeldBytes) {
    this.#fileDescriptor = fileDescriptor;
    this.#maxHeldBytes = maxHeldBytes;
  }

  write(line: string): void {
    const bytes = Buffer.from(line);
    if (this.#isBroken || this.#unwritten.length + this.#waitingBytes + bytes.length > this.#maxHeldBytes) {
      this.#lostLines++;
      return;
    }
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (!this.#isWriting) {
      this.#isWriting = true;
      process.on("exit", this.#writeRest);
      this.#gather();
    }
  }

  flush(): Promise<void> {
    if (!this.#isWriting) {
      return Promise.resolve();
    }
    const written = new Promise<void>((resolve) => this.#onIdle.push(resolve));
    if (this.#gathering !== null) {
      this.#writeGathered();
    }
    return written;
  }

  takeLostLines(): number {
    const lost = this.#lostLines;
    this.#lostLines = 0;
    return lost;
  }

  #gather(): void {
    this.#gathering = setTimeout(() => this.#writeGathered(), gatherMs).unref();
  }

  #writeGathered(): void {
    clearTimeout(this.#gathering ?? undefined);
    this.#gathering = null;
    this.#writeNext();
  }

  #writeNext(): void {
    // What failed, or left in part, goes first and alone: it is never copied again.
    if (this.#unwritten.length === 0) {
      this.#takeWaiting();
    }
    if (this.#unwritten.length === 0) {
      this.#stopWriting();
      return;
    }
    this.#isInFlight = true;
    write(this.#fileDescriptor, this.#unwritten, (error, written) => {
      this.#isInFlight = false;
      if (error === null) {
        this.#unwritten = this.#unwritten.subarray(written);
        this.#continue();
      } else {
        this.#afterFailure(error);
      }
    });
  }

  /** The rest of a write in part, and what somebody waits for, does not wait to be gathered. */
  #continue(): void {
    if (this.#unwritten.length > 0 || this.#waiting.length === 0 || this.#onIdle.length > 0) {
      this.#writeNext();
    } else {
      this.#gather();
    }
  }

  #takeWaiting(): void {
    this.#unwritten = Buffer.concat([this.#unwritten, ...this.#waiting]);
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  /** A reader that is gone never comes back; anything else may pass, and is tried again. */
  #afterFailure(error: NodeJS.ErrnoException): void {
    if (error.code === "EPIPE") {
      this.#isBroken = true;
      this.#waiting = [];
      this.#waitingBytes = 0;
      this.#unwritten = Buffer.alloc(0);
      this.#stopWriting();
    } else {
      this.#resolveFlushes();
      setTimeout(() => this.#writeNext(), retryDelayMs).unref();
    }
  }

  #stopWriting(): void {
    this.#isWriting = false;
    process.off("exit", this.#writeRest);
    this.#resolveFlushes();
  }

  #resolveFlushes(): void {
    for (const resolve of this.#onIdle.splice(0)) {
      resolve();
    }
  }

  /** What a call of `write` holds is left to it: the threads of Node finish their work before the process ends. */
  readonly #writeRest = (): void => {
    if (this.#isInFlight) {
      this.#unwritten = Buffer.alloc(0);
    }
    this.#takeWaiting();
    let rest = this.#unwritten;
    for (let attempt = 0; rest.length > 0 && attempt < exitTries; ) {
      try {
        rest = rest.subarray(writeSync(this.#fileDescriptor, rest));
      } catch (error) {
        if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) {
          // Nobody is left who could be told.
          return;
        }
        attempt++;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, retryDelayMs);
      }
    }
  };
}
