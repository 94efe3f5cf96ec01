import type { ErrorCode } from "../../errors.ts";
import type { Content } from "../schemas/transcribe-content.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** What a client can meet on this route, for the OpenAPI document. */
    readonly errors?: readonly ErrorCode[];
    /** Bodies of several media types, for the OpenAPI document: Fastify knows one schema for all of them. */
    readonly requestContent?: Content;
    readonly responseContent?: Content;
  }
}

/** What a client can meet on every route. */
export const commonErrors = [
  "invalid_request",
  "method_not_allowed",
  "request_timeout",
  "headers_too_large",
  "internal_error",
] as const satisfies readonly ErrorCode[];

/** What a client can meet where a key may be demanded. */
export const keyErrors = [
  ...commonErrors,
  "invalid_api_key",
  "permission_denied",
  // Of log-ins that failed.
  "rate_limit_exceeded",
] as const satisfies readonly ErrorCode[];

/** What a client can meet on the routes that run a model. */
export const taskErrors = [
  ...keyErrors,
  "payload_too_large",
  "unsupported_media_type",
  "overloaded",
  "draining",
  "maintenance",
  "model_loading",
  "circuit_open",
  "out_of_memory",
  "deadline_exceeded",
  "invalid_prediction",
  "inference_process_crashed",
] as const satisfies readonly ErrorCode[];

/** What a client can meet on the routes that take audio. */
export const transcribeErrors = [
  ...taskErrors,
  "model_not_found",
  "audio_too_long",
  "empty_audio",
] as const satisfies readonly ErrorCode[];
