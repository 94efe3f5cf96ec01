import { Counter, Gauge, Histogram, type Registry } from "prom-client";

/** From a probe's answer to the longest deadline that a request may have. */
const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];
const scoreBuckets = [0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1];
const batchBuckets = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/** From a short clip on a GPU to audio that is slower than real time. */
const realtimeFactorBuckets = [0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1, 2, 5];

/** A served model as metrics see it. */
export interface MeasuredModel {
  readonly identity: { readonly name: string; readonly version: string; readonly digest: string };
  readonly device: string;
  /** Windows that wait now. */
  readonly queueDepth: number;
}

/** What is asked when metrics are read, rather than counted as it happens. */
export interface MetricSources {
  readonly app: () => { readonly version: string; readonly model: string; readonly environment: string };
  readonly models: () => readonly MeasuredModel[];
  /** Task requests in flight now. */
  readonly activeRequests: () => number;
}

export type MetricTable = ReturnType<typeof defineMetrics>;

/** Every metric of the service, once, with its labels; the defaults of prom-client come on top. */
export function defineMetrics(registry: Registry, sources: MetricSources) {
  const registers = [registry];
  return {
    appInfo: new Gauge({
      name: "app_info",
      help: "Version of the service, the model that classifies, and the environment; always 1.",
      labelNames: ["version", "model", "environment"],
      registers,
      collect() {
        this.reset();
        this.set({ ...sources.app() }, 1);
      },
    }),
    modelInfo: new Gauge({
      name: "model_info",
      help: "Each served model, its manifest's digest and where it is computed; always 1.",
      labelNames: ["name", "version", "digest", "device"],
      registers,
      collect() {
        this.reset();
        for (const { identity, device } of sources.models()) {
          this.set({ name: identity.name, version: identity.version, digest: identity.digest, device }, 1);
        }
      },
    }),
    requests: new Counter({
      name: "inference_requests_total",
      help: "Finished task requests, whatever their way out; status is success or error.",
      labelNames: ["channel", "media", "status"],
      registers,
    }),
    errors: new Counter({
      name: "inference_errors_total",
      help: "Task requests that failed, by error code.",
      labelNames: ["code"],
      registers,
    }),
    inferenceDuration: new Histogram({
      name: "inference_duration_seconds",
      help: "From the dispatch of a request's first window to the result of its last, in seconds.",
      labelNames: ["model_name"],
      buckets: secondsBuckets,
      registers,
    }),
    queueDuration: new Histogram({
      name: "inference_queue_duration_seconds",
      help: "From the submission of a request to the dispatch of its first window, in seconds.",
      labelNames: ["model_name"],
      buckets: secondsBuckets,
      registers,
    }),
    activeRequests: new Gauge({
      name: "active_inference_requests",
      help: "Task requests in flight.",
      registers,
      collect() {
        this.set(sources.activeRequests());
      },
    }),
    queueDepth: new Gauge({
      name: "inference_queue_depth",
      help: "Windows that wait for an inference process.",
      labelNames: ["model_name"],
      registers,
      collect() {
        this.reset();
        for (const { identity, queueDepth } of sources.models()) {
          this.set({ model_name: identity.name }, queueDepth);
        }
      },
    }),
    batchSize: new Histogram({
      name: "inference_batch_size",
      help: "Windows in one batch.",
      labelNames: ["model_name"],
      buckets: batchBuckets,
      registers,
    }),
    processRestarts: new Counter({
      name: "inference_process_restarts_total",
      help: "Inference processes that ended without being asked to, by the reason.",
      labelNames: ["model_name", "reason"],
      registers,
    }),
    audioCrashes: new Counter({
      name: "audio_process_crashes_total",
      help: "Audio processes that ended before their upload was decoded.",
      registers,
    }),
    textWorkerRestarts: new Counter({
      name: "text_worker_restarts_total",
      help: "Threads for tokenizing that ended and were replaced, by the reason.",
      labelNames: ["model_name", "reason"],
      registers,
    }),
    scores: new Histogram({
      name: "toxicity_prediction_scores",
      help: "Scores of classified texts, 0 to 1, by label.",
      labelNames: ["label"],
      buckets: scoreBuckets,
      registers,
    }),
    audioSeconds: new Counter({
      name: "audio_processed_seconds_total",
      help: "Audio of finished transcriptions, silence included, in seconds.",
      labelNames: ["model_name"],
      registers,
    }),
    realtimeFactor: new Histogram({
      name: "transcription_realtime_factor",
      help: "Processing time of all stages divided by the length of the audio; below 1 is faster than real time.",
      labelNames: ["model_name"],
      buckets: realtimeFactorBuckets,
      registers,
    }),
    rateLimitRejections: new Counter({
      name: "rate_limit_rejections_total",
      help: "Requests that a rate limit refused: of the client, its route, its address, its failed log-ins or unknown paths.",
      labelNames: ["reason"],
      registers,
    }),
    rateLimitShared: new Gauge({
      name: "rate_limit_store_shared",
      help: "1 while all instances share the buckets of rate limits through Redis, 0 while each has its own.",
      registers,
    }),
    rateLimitLosses: new Counter({
      name: "rate_limit_store_losses_total",
      help: "How often the Redis of the rate limits was lost.",
      registers,
    }),
    secretVersion: new Gauge({
      name: "secret_version_info",
      help: "The version of each bundle of secrets that is in force, counted from 1 at the start; always 1.",
      labelNames: ["bundle", "version"],
      registers,
    }),
    secretFailures: new Counter({
      name: "secret_rotation_failures_total",
      help: "New versions of secrets that were not taken over: invalid, missing, or refused by a dependant (subscriber).",
      labelNames: ["bundle", "reason"],
      registers,
    }),
    httpDuration: new Histogram({
      name: "http_server_request_duration_seconds",
      help: "From the headers of a request to the end of its answer, in seconds.",
      labelNames: ["method", "route", "status_code"],
      buckets: secondsBuckets,
      registers,
    }),
  };
}
