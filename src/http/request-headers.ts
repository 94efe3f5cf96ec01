import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { maxTimeoutMs, minTimeoutMs } from "../admission/input-limits.ts";
import { ServiceError } from "../errors.ts";
import { announcesBody, declaredLength } from "./discard-body.ts";
import type { AudioBody } from "./exchange.ts";

/** Milliseconds that a client may ask us to take for an upload: a day. */
export const maxUploadTimeoutMs = 86_400_000;

/** Bodies that are audio as they are: decoding tells what they truly hold. */
const rawAudioType = /^(?:audio|video)\/[\w.+-]+\s*(?:;|$)|^application\/octet-stream\s*(?:;|$)/i;

/** Headers of one request; clients and proxies send 40 at most. Node drops those beyond 2,000 without a word. */
const maxHeaders = 100;

/** @throws ServiceError `headers_too_large` when there are more headers than anybody needs. */
export function requireFewHeaders({ rawHeaders }: IncomingMessage): void {
  const count = rawHeaders.length / 2;
  if (count > maxHeaders) {
    throw new ServiceError(
      "headers_too_large",
      `The request must have at most ${maxHeaders} headers, received ${count}.`,
    );
  }
}

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
  requireIdentity(headers);
  const length = declaredLength(headers["content-length"]);
  if (length > bodyLimitBytes) {
    throw payloadTooLarge(bodyLimitBytes, length);
  }
}

/**
 * What can be said against an upload before it is read. `maxBytes` is the limit of a raw body; `overheadBytes` is what a
 * form may have beside its file.
 * @throws ServiceError `invalid_request`, `unsupported_media_type` or `payload_too_large`.
 */
export function checkAudioBodyHeaders(
  request: IncomingMessage,
  audioBody: AudioBody,
  { maxBytes, overheadBytes }: { readonly maxBytes: number; readonly overheadBytes: number },
): void {
  const { headers } = request;
  if (!announcesBody(request)) {
    throw new ServiceError("invalid_request", "The request has no body.");
  }
  const contentType = headers["content-type"] ?? "";
  const isForm = isMultipartForm(contentType);
  if (!isForm && !(audioBody === "form-or-raw" && rawAudioType.test(contentType))) {
    const raw = audioBody === "form-or-raw" ? ", audio/*, video/* or application/octet-stream" : "";
    throw new ServiceError("unsupported_media_type", `Content-Type must be multipart/form-data${raw}.`, {
      param: "Content-Type",
    });
  }
  requireIdentity(headers);
  const limit = isForm ? maxBytes + overheadBytes : maxBytes;
  const length = declaredLength(headers["content-length"]);
  if (length > limit) {
    throw payloadTooLarge(limit, length);
  }
}

/** `received` is what was declared, or what had been counted when reading stopped, in bytes. */
export function payloadTooLarge(limit: number, received: number): ServiceError {
  return new ServiceError("payload_too_large", `The body must have at most ${limit} bytes, received ${received}.`);
}

/**
 * The limit that the client set in `X-Request-Timeout-Ms`, or null.
 * @throws ServiceError `invalid_request` when it is no whole number from `minTimeoutMs` to `longestMs`.
 */
export function timeoutFrom(headers: IncomingHttpHeaders, longestMs: number = maxTimeoutMs): number | null {
  const header = headers["x-request-timeout-ms"];
  if (header === undefined) {
    return null;
  }
  const timeoutMs = typeof header === "string" && /^\d{1,8}$/.test(header) ? Number(header) : Number.NaN;
  if (timeoutMs >= minTimeoutMs && timeoutMs <= longestMs) {
    return timeoutMs;
  }
  throw new ServiceError(
    "invalid_request",
    `X-Request-Timeout-Ms must be a whole number from ${minTimeoutMs} to ${longestMs}.`,
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

function isMultipartForm(contentType: string): boolean {
  return /^multipart\/form-data\s*;/i.test(contentType);
}

function requireIdentity({ "content-encoding": contentEncoding }: IncomingHttpHeaders): void {
  if (contentEncoding !== undefined && contentEncoding.trim().toLowerCase() !== "identity") {
    throw new ServiceError("unsupported_media_type", "Compressed bodies are not accepted.", {
      param: "Content-Encoding",
    });
  }
}
