/** Every error code that a client can meet; `docs/errors.md` and the HTTP status table list the same set. */
export const errorCodes = [
  "invalid_request",
  "invalid_api_key",
  "permission_denied",
  "model_not_found",
  "not_found",
  "method_not_allowed",
  "request_timeout",
  "payload_too_large",
  "audio_too_long",
  "unsupported_media_type",
  "empty_audio",
  "headers_too_large",
  "rate_limit_exceeded",
  "client_closed_request",
  "overloaded",
  "draining",
  "maintenance",
  "model_loading",
  "circuit_open",
  "out_of_memory",
  "deadline_exceeded",
  "invalid_prediction",
  "inference_process_crashed",
  "internal_error",
] as const;

export type ErrorCode = (typeof errorCodes)[number];

export interface ServiceErrorOptions {
  /** Path of the offending field as the client sent it, such as `inputs.classificationInputs[3]`. */
  readonly param?: string;
  /** When it makes sense to try again, in milliseconds from now. */
  readonly retryAfterMs?: number;
  /** Numbers and names for the log line only. Never user text, audio, transcripts or secrets. */
  readonly facts?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** The one error type of the service. Transport-free: `http/error-status.ts` turns the code into a status. */
export class ServiceError extends Error {
  override readonly name = "ServiceError";
  readonly code: ErrorCode;
  readonly param: string | null;
  readonly retryAfterMs: number | undefined;
  readonly facts: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: ServiceErrorOptions = {}) {
    // Its code says where it comes from. A stack costs 10 µs, a third of refusing a request under overload.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = code === "internal_error" ? stackTraceLimit : 0;
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    Error.stackTraceLimit = stackTraceLimit;
    this.code = code;
    this.param = options.param ?? null;
    this.retryAfterMs = options.retryAfterMs;
    this.facts = options.facts ?? {};
  }
}
