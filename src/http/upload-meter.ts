import type { IncomingMessage } from "node:http";
import { ServiceError } from "../errors.ts";
import { BodyPatience } from "./body-patience.ts";
import { payloadTooLarge } from "./request-headers.ts";

export interface UploadMeterOptions {
  /** Bytes of the whole body. */
  readonly maxBytes: number;
  /** Below this rate the upload is waited for no longer than `stallMs` in all. */
  readonly minBytesPerSecond: number;
  readonly stallMs: number;
  /** Called for every piece that arrives; false when there is no room for so many more bytes. */
  readonly onBytes: (bytes: number) => boolean;
  /** Called once, with `payload_too_large`, `overloaded` or `request_timeout`: the upload is not to be read on. */
  readonly onFailure: (error: ServiceError) => void;
}

/**
 * Watches a body that is read as a stream by somebody else: parsers that pass bytes on know no limits. It makes the
 * body flow, so the reader is attached in the same tick. Disposed of when nobody reads any more.
 */
export class UploadMeter implements Disposable {
  readonly #request: IncomingMessage;
  readonly #options: UploadMeterOptions;
  readonly #patience: BodyPatience;
  #received = 0;
  #lastByteAt = performance.now();
  #timer: NodeJS.Timeout | undefined;

  constructor(request: IncomingMessage, options: UploadMeterOptions) {
    this.#request = request;
    this.#options = options;
    this.#patience = new BodyPatience(options.stallMs, options.minBytesPerSecond, this.#lastByteAt);
    request.on("data", this.#onData).on("pause", this.#onPause).on("resume", this.#onResume).on("end", this.#stop);
    this.#watch();
  }

  /** Milliseconds since the last byte, or since the beginning. */
  idleMs(now: number = performance.now()): number {
    return now - this.#lastByteAt;
  }

  [Symbol.dispose](): void {
    this.#stop();
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#lastByteAt = performance.now();
    this.#received += chunk.length;
    this.#patience.received(chunk.length, this.#lastByteAt);
    if (this.#received > this.#options.maxBytes) {
      this.#fail(payloadTooLarge(this.#options.maxBytes, this.#received));
    } else if (!this.#options.onBytes(chunk.length)) {
      this.#fail(new ServiceError("overloaded", "There is no room for so much audio; try again later."));
    }
  };

  readonly #onPause = (): void => this.#patience.pause(performance.now());

  readonly #onResume = (): void => this.#patience.resume(performance.now());

  readonly #stop = (): void => {
    clearTimeout(this.#timer);
    this.#request
      .off("data", this.#onData)
      .off("pause", this.#onPause)
      .off("resume", this.#onResume)
      .off("end", this.#stop);
  };

  /** Bytes are many and stalls are few: the timer is set again only when it finds that there is time left. */
  #watch(): void {
    const leftMs = this.#patience.leftMs(performance.now());
    if (leftMs <= 0) {
      this.#fail(new ServiceError("request_timeout", "The upload is too slow or has stopped."));
    } else {
      this.#timer = setTimeout(() => this.#watch(), Math.ceil(leftMs));
    }
  }

  #fail(error: ServiceError): void {
    this.#stop();
    this.#options.onFailure(error);
  }
}
