/** What a load process is asked to do, and what it reports. Crosses `fork` IPC with advanced serialization. */

export interface ClosedLoopJob {
  readonly kind: "closed";
  readonly port: number;
  /** Each sends its next request when it has the answer to its last. */
  readonly connections: number;
  readonly limit: { readonly requests: number } | { readonly seconds: number };
  /** Only this many of the texts, from the first on, over and over. */
  readonly texts: number;
  /** Of each request; 1 when absent. Texts that fill no whole request are left out. */
  readonly textsPerRequest?: number;
  /** Asked for with GET, instead of having texts classified. */
  readonly path?: string;
  /** Whether the report holds the bodies: for checking answers, not for measuring. */
  readonly keepsBodies: boolean;
}

export interface OpenLoopJob {
  readonly kind: "open";
  readonly port: number;
  /** Address of 127.0.0.0/8 to send from; the system's choice when absent. */
  readonly localAddress?: string;
  readonly arrivals: "poisson" | "constant";
  readonly requestsPerSecond: number;
  readonly seconds: number;
  /** Seconds after the last arrival from which a request without an answer counts as hung. */
  readonly graceSeconds: number;
}

export type LoadJob = ClosedLoopJob | OpenLoopJob;

/** Instead of a status: the connection failed before the answer was complete. */
export const connectionFailed = 0;
/** Instead of a status: no answer within the grace of an open-loop job. */
export const hung = 1;

/** One entry per request, in the order of their starts. */
export interface LoadReport {
  /** From the first request's start to the last answer. */
  readonly seconds: number;
  /** When it should have been sent (open loop) or was sent (closed loop), in milliseconds from the start. */
  readonly startsMs: Float64Array;
  /** From that moment to the complete answer. */
  readonly latenciesMs: Float64Array;
  /** HTTP status, `connectionFailed` or `hung`. */
  readonly statuses: Uint16Array;
  /** Seconds of the `Retry-After` header; NaN without one. */
  readonly retryAfterSeconds: Float64Array;
  /** By request, when the job keeps them. */
  readonly bodies: readonly string[];
  /** User and system time that the load process itself needed. */
  readonly clientCpuSeconds: number;
  /** Open loop: how late requests were sent, 99th percentile. High means that the client was the bottleneck. */
  readonly sendDelayP99Ms: number;
}
