import { readSync, writeSync } from "node:fs";

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Reads at most `target.length` bytes, waiting for the first; 0 at the end of the stream. */
export function readBlocking(descriptor: number, target: Uint8Array): number {
  return retry(() => readSync(descriptor, target, 0, target.length, null));
}

/** Writes all of `bytes`, waiting for as long as the reader does not take them. */
export function writeBlocking(descriptor: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length; ) {
    const start = written;
    written += retry(() => writeSync(descriptor, bytes, start, bytes.length - start));
  }
}

/** Pipes that this process inherited may have been set to "non-blocking" by the one that made them. */
function retry(action: () => number): number {
  for (;;) {
    try {
      return action();
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) {
        throw error;
      }
      Atomics.wait(sleeper, 0, 0, 1);
    }
  }
}
