import type { ServiceError } from "../errors.ts";
import type { RequestIds } from "../events.ts";
import { errorTypeOf, statusByCode } from "./error-status.ts";
import { securityHeaders } from "./security-headers.ts";

/** Suggested wait for a 429 or 503 that knows no better, in milliseconds. */
const defaultRetryAfterMs = 1_000;

export interface ErrorResponse {
  readonly status: number;
  /** Names and values in turn, as `ServerResponse.writeHead` takes them fastest. */
  readonly headers: string[];
  readonly body: string;
}

/** Who is answered. */
export interface ErrorAddressee {
  readonly ids: Pick<RequestIds, "requestId" | "traceId">;
  /** Names and values in turn. */
  readonly traceHeaders: readonly string[];
}

/** The answer to an error, the same on every route: status, headers and body. */
export function errorResponse(error: ServiceError, { ids, traceHeaders }: ErrorAddressee): ErrorResponse {
  const { requestId, traceId } = ids;
  const status = statusByCode[error.code];
  const body = JSON.stringify({
    error: { message: error.message, type: errorTypeOf(status), param: error.param, code: error.code },
    requestId,
    traceId,
  });
  const headers = [
    "content-type",
    "application/json; charset=utf-8",
    "content-length",
    String(Buffer.byteLength(body)),
    "x-request-id",
    requestId,
    ...traceHeaders,
    ...securityHeaders,
  ];
  if (status === 401) {
    headers.push("www-authenticate", "Bearer");
  }
  if (status === 503 || status === 429) {
    const retryAfterMs = Math.max(1, Math.ceil(error.retryAfterMs ?? defaultRetryAfterMs));
    headers.push("retry-after", String(Math.ceil(retryAfterMs / 1000)), "retry-after-ms", String(retryAfterMs));
  }
  if (error.code === "deadline_exceeded") {
    // The same request would take as long again: stock OpenAI clients retry a 504 unless told not to.
    headers.push("x-should-retry", "false");
  }
  return { status, headers, body };
}
