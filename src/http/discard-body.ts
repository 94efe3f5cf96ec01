import type { IncomingMessage } from "node:http";

/** How much of a body that nobody wants is still read, in bytes, … */
export const discardLimitBytes = 1_048_576;

/** … and for how long, in milliseconds. */
export const discardLimitMs = 1_000;

/** Whether the headers announce a body. */
export function announcesBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || declaredLength(headers["content-length"]) > 0;
}

/** `Content-Length` in bytes, 0 without one. Node's parser lets digits only through. */
export function declaredLength(contentLength: string | undefined): number {
  return contentLength === undefined ? 0 : Number(contentLength);
}

/**
 * Reads what is left of a body and throws it away, then calls `onEnd` once: with true when the body came to its end,
 * with false when it passed the limits or the client left. A client that is still sending would see a reset connection
 * instead of the answer if we closed at once.
 */
export function discardBody(request: IncomingMessage, onEnd: (isComplete: boolean) => void): void {
  if (request.complete || request.readableEnded) {
    onEnd(true);
    return;
  }
  let bytes = 0;
  const onData = (chunk: Buffer): void => {
    bytes += chunk.length;
    if (bytes > discardLimitBytes) {
      giveUp();
    }
  };
  const settle = (isComplete: boolean): void => {
    clearTimeout(timer);
    request.off("data", onData).off("end", complete).off("close", giveUp);
    onEnd(isComplete);
  };
  const complete = (): void => settle(true);
  const giveUp = (): void => settle(request.complete);
  const timer = setTimeout(giveUp, discardLimitMs).unref();
  request.on("data", onData).on("end", complete).on("close", giveUp).resume();
}

/**
 * Discards what is left of a body that the connection is kept alive for, and destroys the connection when that is more
 * than the limits allow.
 */
export function keepAliveAfterBody(request: IncomingMessage): void {
  if (request.headers["transfer-encoding"] === undefined) {
    // A small body mostly arrived with its headers: the parser comes to its end right after this.
    process.nextTick(() => discardOrDestroy(request));
  } else {
    discardOrDestroy(request);
  }
}

function discardOrDestroy(request: IncomingMessage): void {
  discardBody(request, (isComplete) => {
    if (!isComplete) {
      request.destroy();
    }
  });
}
