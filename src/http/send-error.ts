import type { ServerResponse } from "node:http";
import { rateLimitHeaders } from "../admission/rate-limit/rate-limit-headers.ts";
import type { ServiceError } from "../errors.ts";
import { announcesBody, declaredLength, discardBody, discardLimitBytes, keepAliveAfterBody } from "./discard-body.ts";
import { errorResponse } from "./error-response.ts";
import type { Exchange } from "./exchange.ts";
import { serverTimingHeaders } from "./server-timing.ts";

/**
 * Writes the answer to an error straight to Node's response: the cheapest way, and the only one that can hold a
 * connection open for what the client is still sending.
 */
export function sendError(
  exchange: Exchange,
  response: ServerResponse,
  error: ServiceError,
  /** The methods that the path knows, for 405. */
  allow: string | null = null,
): void {
  if (exchange.isFinished) {
    return;
  }
  const request = response.req;
  const { status, headers, body } = errorResponse(error, exchange);
  if (response.headersSent) {
    if (exchange.openAnswer === null) {
      // Part of another answer has left: only a broken connection tells the client that it is not whole.
      response.destroy();
      exchange.finish(response.statusCode, error.code, error.facts);
    } else {
      // Not the status that the client saw first, but how the answer ends.
      exchange.finish(status, error.code, error.facts);
      exchange.openAnswer.fail(body);
    }
    return;
  }
  if (exchange.rateLimit !== null) {
    headers.push(...rateLimitHeaders(exchange.rateLimit));
  }
  headers.push(...serverTimingHeaders(exchange, performance.now()));
  if (allow !== null) {
    headers.push("allow", allow);
  }
  const isReading = announcesBody(request) && !request.complete;
  const isTooMuch =
    isReading &&
    (error.code === "payload_too_large" || declaredLength(request.headers["content-length"]) > discardLimitBytes);
  const isClosing = exchange.mustClose || isTooMuch;
  if (isClosing) {
    headers.push("connection", "close");
  }
  response.writeHead(status, headers);
  exchange.finish(status, error.code, error.facts);
  if (!isReading) {
    response.end(body);
  } else if (isClosing) {
    // The client has its whole answer now; Node closes the connection at `end`.
    response.write(body);
    discardBody(request, () => response.end());
  } else {
    keepAliveAfterBody(request);
    response.end(body);
  }
}
