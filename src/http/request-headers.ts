import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { maxTimeoutMs, minTimeoutMs } from "../admission/input-limits.ts";
import { ServiceError } from "../errors.ts";
import { announcesBody, declaredLength } from "./discard-body.ts";

/** @throws ServiceError `invalid_request` when an HTTP/1.1 request has no `Host` (RFC 9112, section 3.2). */
export function requireHost(request: IncomingMessage): void {
  if (request.headers.host === undefined && request.httpVersion === "1.1") {
    throw new ServiceError("invalid_request", "The request has no Host header.", { param: "Host" });
  }
}

/**
 * What can be said against a JSON body before it is read.
 * @throws ServiceError `invalid_request`, `unsupported_media_type` or `payload_too_large`.
 */
export function checkJsonBodyHeaders(request: IncomingMessage, bodyLimitBytes: number): void {
  const { headers } = request;
  if (!announcesBody(request)) {
    throw new ServiceError("invalid_request", "The request has no body.");
  }
  if (!isJsonInUtf8(headers["content-type"])) {
    throw new ServiceError("unsupported_media_type", "Content-Type must be application/json, in UTF-8.", {
      param: "Content-Type",
    });
  }
  if (!isIdentity(headers["content-encoding"])) {
    throw new ServiceError("unsupported_media_type", "Compressed bodies are not accepted.", {
      param: "Content-Encoding",
    });
  }
  const length = declaredLength(headers["content-length"]);
  if (length > bodyLimitBytes) {
    throw payloadTooLarge(bodyLimitBytes, length);
  }
}

/** `received` is what was declared, or what had been counted when reading stopped, in bytes. */
export function payloadTooLarge(limit: number, received: number): ServiceError {
  return new ServiceError("payload_too_large", `The body must have at most ${limit} bytes, received ${received}.`);
}

/**
 * The limit that the client set in `X-Request-Timeout-Ms`, or null.
 * @throws ServiceError `invalid_request` when it is no whole number within the bounds.
 */
export function timeoutFrom(headers: IncomingHttpHeaders): number | null {
  const header = headers["x-request-timeout-ms"];
  if (header === undefined) {
    return null;
  }
  const timeoutMs = typeof header === "string" && /^\d{1,6}$/.test(header) ? Number(header) : Number.NaN;
  if (timeoutMs >= minTimeoutMs && timeoutMs <= maxTimeoutMs) {
    return timeoutMs;
  }
  throw new ServiceError(
    "invalid_request",
    `X-Request-Timeout-Ms must be a whole number from ${minTimeoutMs} to ${maxTimeoutMs}.`,
    { param: "X-Request-Timeout-Ms" },
  );
}

/** JSON has no charset parameter (RFC 8259), but many clients send one; it may only say what is true anyway. */
function isJsonInUtf8(contentType: string | undefined): boolean {
  if (contentType === "application/json") {
    return true;
  }
  const [mediaType = "", ...parameters] = (contentType ?? "").toLowerCase().split(";");
  return (
    mediaType.trim() === "application/json" &&
    parameters.every((parameter) => {
      const [name = "", value = ""] = parameter.split("=");
      return name.trim() !== "charset" || /^"?utf-?8"?$/.test(value.trim());
    })
  );
}

function isIdentity(contentEncoding: string | undefined): boolean {
  return contentEncoding === undefined || contentEncoding.trim().toLowerCase() === "identity";
}
