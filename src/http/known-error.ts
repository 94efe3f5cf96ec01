import { ServiceError } from "../errors.ts";

/** What Fastify, its plugins and Node put on their errors. */
interface FrameworkError {
  readonly code?: unknown;
  readonly statusCode?: unknown;
}

/** The error that the client may see, or null for what is our own failure and stays without detail. */
export function knownError(error: unknown): ServiceError | null {
  if (error instanceof ServiceError) {
    return error.code === "internal_error" ? null : error;
  }
  if (!(error instanceof Error)) {
    return null;
  }
  const { code, statusCode } = error as FrameworkError;
  switch (code) {
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return new ServiceError("unsupported_media_type", "Content-Type must be application/json, in UTF-8.", {
        param: "Content-Type",
      });
    case "FST_ERR_BAD_URL":
      return new ServiceError("invalid_request", "The URL is not valid.");
    case "FST_ERR_MAX_PARAM_LENGTH":
      return notFound();
    default:
      return isClientError(statusCode) ? fromStatus(statusCode) : null;
  }
}

/** The answer for a path that leads nowhere. */
export function notFound(): ServiceError {
  return new ServiceError("not_found", "The path does not exist; see /docs.");
}

/** The answer to our own failure. */
export function internalError(cause: unknown): ServiceError {
  return new ServiceError("internal_error", "The service failed; its operators have been told.", { cause });
}

function isClientError(statusCode: unknown): statusCode is number {
  return typeof statusCode === "number" && statusCode >= 400 && statusCode < 500;
}

/** Plugins refuse odd paths, ranges and conditions of static files in many ways; to a client they are two. */
function fromStatus(statusCode: number): ServiceError {
  return statusCode === 403 || statusCode === 404
    ? notFound()
    : new ServiceError("invalid_request", "The request is not valid.");
}
