import { ServiceError } from "../errors.ts";
import { systemErrorCode } from "../system-error-code.ts";
import { retryAfterMs } from "./audio-failures.ts";
import { findCafDecodingOrder } from "./caf-chunks.ts";
import { type DecodingOrder, findDecodingOrder, mostSniffedBytes } from "./mp4-boxes.ts";
import type { SpoolFile } from "./spool-file.ts";
import type { SpoolSpace } from "./spool-space.ts";

export interface UploadIntakeOptions {
  readonly file: SpoolFile;
  readonly space: SpoolSpace;
  /** Largest upload, in bytes. */
  readonly maxBytes: number;
  /** The file has grown or is complete. */
  readonly onGrowth: () => void;
  /** The upload cannot go on: `payload_too_large`, `overloaded`, `empty_audio`. Told once. */
  readonly onFailure: (error: ServiceError) => void;
}

/** Takes an upload in: counts it, puts it on disk, and looks at its start. */
export class UploadIntake {
  /** How the upload can be decoded; resolves once enough of it is there to tell. */
  readonly order: Promise<DecodingOrder>;
  /** Resolves when all of it is there. */
  readonly completed: Promise<void>;
  readonly #options: UploadIntakeOptions;
  readonly #order = Promise.withResolvers<DecodingOrder>();
  readonly #completed = Promise.withResolvers<void>();
  /** The start of the upload, until it shows how to decode it. */
  #start: Buffer | null = Buffer.alloc(0);
  #state: "open" | "complete" | "closed" = "open";
  #spaceTaken = 0;
  /** Writes are done one after the other, whether their caller waits or not. */
  #writes: Promise<void> = Promise.resolve();

  constructor(options: UploadIntakeOptions) {
    this.#options = options;
    this.order = this.#order.promise;
    this.completed = this.#completed.promise;
  }

  get isComplete(): boolean {
    return this.#state === "complete";
  }

  /** Resolves when more may be written. What comes after the end, or after a failure, is dropped. */
  write(chunk: Uint8Array): Promise<void> {
    this.#writes = this.#writes.then(() => this.#write(chunk));
    return this.#writes;
  }

  end(): void {
    this.#writes = this.#writes.then(() => this.#complete());
  }

  /** Frees the file and its space on disk. */
  close(): void {
    if (this.#state !== "closed") {
      this.#state = "closed";
      this.#options.file.close();
      this.#options.space.release(this.#spaceTaken);
    }
  }

  async #write(chunk: Uint8Array): Promise<void> {
    const { file, space, maxBytes, onGrowth } = this.#options;
    if (this.#state !== "open") {
      return;
    }
    if (file.bytes + chunk.length > maxBytes) {
      this.#fail(new ServiceError("payload_too_large", `The upload is larger than ${maxBytes} bytes.`));
      return;
    }
    if (!space.take(chunk.length)) {
      this.#fail(noSpace("spool_full"));
      return;
    }
    this.#spaceTaken += chunk.length;
    try {
      await file.append(chunk);
    } catch (error) {
      this.#fail(noSpace(systemErrorCode(error)));
      return;
    }
    this.#sniff(chunk);
    onGrowth();
  }

  #complete(): void {
    const { file, onGrowth } = this.#options;
    if (this.#state !== "open") {
      return;
    }
    if (file.bytes === 0) {
      this.#fail(new ServiceError("empty_audio", "The upload is empty."));
      return;
    }
    try {
      file.complete();
    } catch (error) {
      this.#fail(noSpace(systemErrorCode(error)));
      return;
    }
    this.#state = "complete";
    this.#sniff(Buffer.alloc(0));
    this.#completed.resolve();
    onGrowth();
  }

  #sniff(chunk: Uint8Array): void {
    if (this.#start === null) {
      return;
    }
    this.#start = Buffer.concat([this.#start, chunk]).subarray(0, mostSniffedBytes);
    const order = findCafDecodingOrder(this.#start, this.isComplete) ?? findDecodingOrder(this.#start, this.isComplete);
    if (order !== "unknown") {
      this.#start = null;
      this.#order.resolve(order);
    }
  }

  #fail(error: ServiceError): void {
    this.close();
    this.#options.onFailure(error);
  }
}

function noSpace(reason: string): ServiceError {
  return new ServiceError("overloaded", "There is no disk space left for the upload.", {
    retryAfterMs,
    facts: { reason },
  });
}
