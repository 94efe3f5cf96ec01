import type { Writable } from "node:stream";
import type { SpoolFile } from "./spool-file.ts";

const pieceBytes = 65_536;

/** Copies an upload, while it grows, from its file to a pipe: for a program that can only read from front to back. */
export class UploadFeeder {
  readonly #file: SpoolFile;
  readonly #pipe: Writable;
  readonly #piece = Buffer.allocUnsafe(pieceBytes);
  #wake: () => void = () => {};

  constructor(file: SpoolFile, pipe: Writable) {
    this.#file = file;
    this.#pipe = pipe;
  }

  /** Copies at the reader's pace; ends when the upload is complete, and when the reader or the file is gone. */
  async run(): Promise<void> {
    for (let position = 0; this.#pipe.writable && !this.#file.isClosed; ) {
      // Asked before the read: what comes between the two would be lost otherwise.
      const isComplete = this.#file.isComplete;
      const length = await this.#file.read(this.#piece, position);
      if (length > 0) {
        await this.#write(this.#piece.subarray(0, length));
        position += length;
      } else if (isComplete) {
        this.#pipe.end();
      } else {
        await this.#growth(position);
      }
    }
  }

  announceGrowth(): void {
    this.#wake();
  }

  /** Resolves when the pipe has taken the bytes, or never will. */
  #write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => this.#pipe.write(bytes, () => resolve()));
  }

  #growth(position: number): Promise<void> {
    const { bytes, isComplete, isClosed } = this.#file;
    return bytes > position || isComplete || isClosed
      ? Promise.resolve()
      : new Promise((resolve) => (this.#wake = resolve));
  }
}
