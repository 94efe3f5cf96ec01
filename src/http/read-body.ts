import type { IncomingMessage } from "node:http";
import type { BodyReservation } from "../admission/body-memory.ts";
import { ServiceError } from "../errors.ts";
import { payloadTooLarge } from "./request-headers.ts";

/**
 * Reads a whole body into memory.
 * @throws ServiceError `payload_too_large` once more than `limit` bytes came, whatever the headers said; `overloaded`
 * when there is no more memory for it; the signal's reason when that aborts; `client_closed_request` when the connection ends first.
 */
export function readBody(
  request: IncomingMessage,
  limit: number,
  reservation: BodyReservation,
  signal: AbortSignal,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let received = 0;
    const settle = (): void => {
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
      if (received > limit) {
        fail(payloadTooLarge(limit, received));
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
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    signal.addEventListener("abort", onAbort);
    request.on("data", onData).on("end", onEnd).on("error", onClose).on("close", onClose);
  });
}
