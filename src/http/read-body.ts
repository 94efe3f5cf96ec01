import type { IncomingMessage } from "node:http";
import type { BodyReservation } from "../admission/body-memory.ts";
import { ServiceError } from "../errors.ts";
import { BodyPatience } from "./body-patience.ts";
import { payloadTooLarge } from "./request-headers.ts";

/** Half of what the slowest mobile networks carry; Apache's mod_reqtimeout asks for as much. */
const minBytesPerSecond = 500;

export interface BodyLimits {
  /** Bytes of the whole body. */
  readonly maxBytes: number;
  /** Milliseconds for which it may be slower than 500 bytes a second. */
  readonly stallMs: number;
  /** Called once when it was slower for longer; aborts the signal, and so ends the reading. */
  readonly onStall: () => void;
}

/**
 * Reads a whole body into memory.
 * @throws ServiceError `payload_too_large` once more than `maxBytes` came, whatever the headers said; `overloaded`
 * when there is no more memory for it; the signal's reason when that aborts; `client_closed_request` when the connection ends first.
 */
export function readBody(
  request: IncomingMessage,
  { maxBytes, stallMs, onStall }: BodyLimits,
  reservation: BodyReservation,
  signal: AbortSignal,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const patience = new BodyPatience(stallMs, minBytesPerSecond, performance.now());
    let received = 0;
    let timer: NodeJS.Timeout | undefined;
    const settle = (): void => {
      clearTimeout(timer);
      request.off("data", onData).off("end", onEnd).off("error", onClose).off("close", onClose);
      signal.removeEventListener("abort", onAbort);
    };
    const fail = (error: unknown): void => {
      settle();
      request.pause();
      reject(error);
    };
    const onData = (chunk: Buffer): void => {
      received += chunk.length;
      patience.received(chunk.length, performance.now());
      if (received > maxBytes) {
        fail(payloadTooLarge(maxBytes, received));
        return;
      }
      try {
        reservation.growTo(received);
      } catch (error) {
        fail(error);
        return;
      }
      chunks.push(chunk);
    };
    const onEnd = (): void => {
      settle();
      const [first] = chunks;
      resolve(chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks));
    };
    const onClose = (): void => fail(new ServiceError("client_closed_request", "The client closed the connection."));
    const onAbort = (): void => fail(signal.reason);
    /** The timer is set again only when it finds that there is time left. */
    const watch = (): void => {
      const leftMs = patience.leftMs(performance.now());
      if (leftMs > 0) {
        timer = setTimeout(watch, Math.ceil(leftMs));
      } else {
        onStall();
      }
    };
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    watch();
    signal.addEventListener("abort", onAbort);
    request.on("data", onData).on("end", onEnd).on("error", onClose).on("close", onClose);
  });
}
