import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { rateLimitHeaders } from "../admission/rate-limit/rate-limit-headers.ts";
import type { Exchange } from "./exchange.ts";
import { securityHeaders } from "./security-headers.ts";
import { serverTimingHeaders } from "./server-timing.ts";
import type { TranscriptFormat } from "./transcripts/transcript-format.ts";

export interface TranscriptAnswerOptions {
  readonly exchange: Exchange;
  readonly response: ServerResponse;
  readonly format: TranscriptFormat;
  /** Milliseconds from one sign of life to the next. */
  readonly heartbeatMs: number;
  /** Milliseconds since the client sent something. */
  readonly idleMs: () => number;
}

/**
 * An answer that may take hours. A live format leaves piece by piece. Any other is held back, so that a failure still
 * gets its own status, until the client has been waiting for two heartbeats since it sent its last byte: then the
 * answer begins with status 200, and goes on with signs of life, because clients and proxies give up a silent
 * connection (Node's fetch does after 300 s).
 */
export class TranscriptAnswer {
  readonly #options: TranscriptAnswerOptions;
  readonly #timer: NodeJS.Timeout;
  #held: string;
  #hasBegun = false;
  #hasEnded = false;

  constructor(options: TranscriptAnswerOptions) {
    this.#options = options;
    this.#held = options.format.head;
    this.#timer = setInterval(() => this.#beat(), options.heartbeatMs);
  }

  /** Resolves when the client may get more. Rejects with the reason of the exchange's signal when that aborts. */
  async write(piece: string): Promise<void> {
    this.#held += piece;
    if (piece === "" || this.#hasEnded || !(this.#hasBegun || this.#options.format.isLive)) {
      return;
    }
    if (!this.#send()) {
      const { exchange, response } = this.#options;
      await exchange.race(once(response, "drain"));
    }
  }

  /** The last piece. */
  end(piece: string): void {
    this.#held += piece;
    this.stop();
    const { response } = this.#options;
    if (this.#hasBegun) {
      response.end(this.#held);
      return;
    }
    const body = Buffer.from(this.#held);
    // Only here are the times of the stages known before the headers leave.
    const timing = serverTimingHeaders(this.#options.exchange, performance.now());
    response.writeHead(200, [...this.#headers(), ...timing, "content-length", String(body.length)]).end(body);
  }

  /** The answer has begun and cannot be finished. `errorBody` is the JSON of the error. */
  fail(errorBody: string): void {
    this.stop();
    const { format, response } = this.#options;
    const lastWords = format.failure(errorBody);
    if (format.tellsFailure) {
      response.end(lastWords);
    } else if (lastWords === "") {
      // The client sees a body without its end: nobody takes it for the whole.
      response.destroy();
    } else {
      response.write(lastWords, () => response.destroy());
    }
  }

  /** Ends its signs of life: it has ended, or somebody else answers instead. */
  stop(): void {
    this.#hasEnded = true;
    clearInterval(this.#timer);
  }

  #beat(): void {
    const { format, heartbeatMs, idleMs, response } = this.#options;
    if (response.writableNeedDrain || !(this.#hasBegun || format.isLive || idleMs() >= 2 * heartbeatMs)) {
      return;
    }
    this.#held += format.filler;
    this.#send();
  }

  /** Sends what is held back; false when the client reads more slowly than that. */
  #send(): boolean {
    const { response } = this.#options;
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      response.writeHead(200, this.#headers());
    }
    const held = this.#held;
    this.#held = "";
    return response.write(held);
  }

  #headers(): string[] {
    const { exchange, format } = this.#options;
    return [
      "content-type",
      format.contentType,
      "x-request-id",
      exchange.requestId,
      ...exchange.traceHeaders,
      ...securityHeaders,
      ...(exchange.rateLimit === null ? [] : rateLimitHeaders(exchange.rateLimit)),
      // Proxies of nginx's kind would hold events and signs of life back.
      "x-accel-buffering",
      "no",
      ...(exchange.mustClose ? ["connection", "close"] : []),
    ];
  }
}
