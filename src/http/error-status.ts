import type { ErrorCode } from "../errors.ts";

/** The HTTP status of every error code: the one place that knows. */
export const statusByCode: Readonly<Record<ErrorCode, number>> = {
  invalid_request: 400,
  invalid_api_key: 401,
  permission_denied: 403,
  model_not_found: 404,
  not_found: 404,
  method_not_allowed: 405,
  request_timeout: 408,
  payload_too_large: 413,
  audio_too_long: 413,
  unsupported_media_type: 415,
  empty_audio: 422,
  rate_limit_exceeded: 429,
  headers_too_large: 431,
  // nginx's status for a client that left before the answer; for logs and metrics only.
  client_closed_request: 499,
  invalid_prediction: 500,
  inference_process_crashed: 500,
  internal_error: 500,
  overloaded: 503,
  draining: 503,
  maintenance: 503,
  model_loading: 503,
  circuit_open: 503,
  out_of_memory: 503,
  deadline_exceeded: 504,
};

export type ErrorType =
  | "invalid_request_error"
  | "authentication_error"
  | "permission_error"
  | "rate_limit_error"
  | "server_error";

/** The class of an error that OpenAI's clients know. */
export function errorTypeOf(status: number): ErrorType {
  if (status >= 500) {
    return "server_error";
  }
  switch (status) {
    case 401:
      return "authentication_error";
    case 403:
      return "permission_error";
    case 429:
      return "rate_limit_error";
    default:
      return "invalid_request_error";
  }
}
