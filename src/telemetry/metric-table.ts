import { errorCodes } from "../errors.ts";
import type {
  CanaryResult,
  CollectorName,
  ErrorOrigin,
  FallbackReason,
  FallbackStep,
  MemoryResource,
  ModelState,
  ProcessExitReason,
  ReplacementOutcome,
  ServiceEvents,
  SpanLoss,
  TextWorkerExitReason,
} from "../events.ts";
import { precisions } from "../precision.ts";

/** The values that a label may take: all of them, or what bounds them where only the running service knows them. */
export type LabelBounds = readonly string[] | { readonly boundedBy: string };

/** One metric, as documentation, checks and instruments are made from it. */
export interface MetricDefinition {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  /** What its value counts or measures; names end with it where Prometheus wants that. */
  readonly unit: string;
  readonly help: string;
  readonly labels: Readonly<Record<string, LabelBounds>>;
  /** Upper bounds, for histograms. */
  readonly buckets?: readonly number[];
}

const servedModels = { boundedBy: "names of the served models" };
const requestModels = { boundedBy: "names of the served models, other, none" };
const gpus = { boundedBy: "indices of the GPUs" };
const bundles = { boundedBy: "bundles of secrets: object_storage, redis, api_keys" };

/** From a probe's answer to the longest deadline that a request may have. */
const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

/** Every value of a union, none forgotten: the compiler refuses a list that lacks one. */
function everyOf<Union extends string>() {
  return <const Values extends readonly Union[]>(
    values: [Union] extends [Values[number]] ? Values : readonly Exclude<Union, Values[number]>[],
  ): Values => values as Values;
}

/** Every metric of the service, once; the defaults of prom-client (`process_*`, `nodejs_*`) come on top. */
export const metricTable = {
  appInfo: {
    name: "app_info",
    type: "gauge",
    unit: "info",
    help: "Version of the service, the model that classifies, and the environment; always 1.",
    labels: {
      version: { boundedBy: "the version of the service" },
      model: { boundedBy: "classify.model" },
      environment: { boundedBy: "service.environment" },
    },
  },
  modelInfo: {
    name: "model_info",
    type: "gauge",
    unit: "info",
    help: "Each served model, its manifest's digest, where it is computed and in which precision; always 1.",
    labels: {
      name: servedModels,
      version: { boundedBy: "versions of the served models" },
      digest: { boundedBy: "digests of their manifests" },
      device: { boundedBy: "execution providers of ONNX Runtime, none" },
      precision: precisions,
    },
  },
  devicePeakRatio: {
    name: "model_device_peak_ratio",
    type: "gauge",
    unit: "ratio",
    help: "Share of the arithmetic that the hardware profile promises which the last process of a model to get ready on a GPU reached in the run that it timed; below 0.01 the GPU is no faster than a CPU. Left out where the run was too short to tell.",
    labels: { model_name: servedModels },
  },
  providerFallbacks: {
    name: "execution_provider_fallbacks_total",
    type: "counter",
    unit: "models",
    help: "Models that are computed on the CPU though they should be on a GPU, by the provider that they should use and why.",
    labels: {
      model_name: servedModels,
      provider: ["cuda"],
      reason: everyOf<FallbackReason>()([
        "no_device",
        "no_profile",
        "no_provider",
        "version_mismatch",
        "no_kernels",
        "old_driver",
        "no_room",
        "load_failed",
        "wrong_answers",
      ]),
    },
  },
  providerFallenBack: {
    name: "execution_provider_fallen_back",
    type: "gauge",
    unit: "boolean",
    help: "1 while a served model is computed on the CPU though it should be on a GPU, 0 otherwise.",
    labels: { model_name: servedModels },
  },
  batchFallbacks: {
    name: "inference_batch_fallbacks_total",
    type: "counter",
    unit: "batches",
    help: "Batches for which there was too little memory, by what was done with their windows: run in half as large ones, each alone, on the CPU, or given up.",
    labels: { model_name: servedModels, step: everyOf<FallbackStep>()(["half", "single", "cpu", "failed"]) },
  },
  devicesSetAside: {
    name: "inference_devices_set_aside",
    type: "gauge",
    unit: "devices",
    help: "GPUs, or slices, on which processes of a served model failed in a row, and none is started for a while.",
    labels: { model_name: servedModels },
  },
  modelState: {
    name: "model_state",
    type: "gauge",
    unit: "state",
    help: "1 for the state that a served model is in, 0 for the others.",
    labels: { model_name: servedModels, state: everyOf<ModelState>()(["loading", "ready", "circuit_open", "stopped"]) },
  },
  requests: {
    name: "inference_requests_total",
    type: "counter",
    unit: "requests",
    help: "Finished task requests, whatever their way out; status is success or error.",
    labels: {
      channel: { boundedBy: "telemetry.channels, other, none" },
      media: { boundedBy: "telemetry.media, other, none" },
      status: ["success", "error"],
    },
  },
  errors: {
    name: "inference_errors_total",
    type: "counter",
    unit: "requests",
    help: "Task requests that failed, by error code.",
    labels: { code: errorCodes },
  },
  inferenceDuration: {
    name: "inference_duration_seconds",
    type: "histogram",
    unit: "seconds",
    help: "From the dispatch of a request's first window to the result of its last, in seconds.",
    labels: { model_name: requestModels },
    buckets: secondsBuckets,
  },
  queueDuration: {
    name: "inference_queue_duration_seconds",
    type: "histogram",
    unit: "seconds",
    help: "From the submission of a request to the dispatch of its first window, in seconds.",
    labels: { model_name: requestModels },
    buckets: secondsBuckets,
  },
  preprocessDuration: {
    name: "inference_preprocess_duration_seconds",
    type: "histogram",
    unit: "seconds",
    help: "Tokenizing the texts of a request, or decoding its audio into windows, in seconds.",
    labels: { model_name: requestModels },
    buckets: secondsBuckets,
  },
  activeRequests: {
    name: "active_inference_requests",
    type: "gauge",
    unit: "requests",
    help: "Task requests in flight.",
    labels: {},
  },
  queueDepth: {
    name: "inference_queue_depth",
    type: "gauge",
    unit: "windows",
    help: "Windows that wait for an inference process.",
    labels: { model_name: servedModels },
  },
  queueAge: {
    name: "inference_queue_oldest_seconds",
    type: "gauge",
    unit: "seconds",
    help: "For how long the window that has waited longest has done so, in seconds; 0 when none waits.",
    labels: {
      model_name: servedModels,
      task: ["text-classification", "automatic-speech-recognition"],
    },
  },
  batchSize: {
    name: "inference_batch_size",
    type: "histogram",
    unit: "windows",
    help: "Windows in one batch.",
    labels: { model_name: servedModels },
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
  },
  processes: {
    name: "inference_processes",
    type: "gauge",
    unit: "processes",
    help: "Inference processes that run: active ones take batches, a spare is warm and waits, a starting one loads, a fallback computes on the CPU what a GPU has no memory for.",
    labels: { model_name: servedModels, role: ["active", "spare", "starting", "fallback"] },
  },
  processRestarts: {
    name: "inference_process_restarts_total",
    type: "counter",
    unit: "processes",
    help: "Inference processes that ended without being asked to, by the reason.",
    labels: {
      model_name: servedModels,
      reason: everyOf<Exclude<ProcessExitReason, "stopped" | "replaced">>()([
        "crashed",
        "device_lost",
        "out_of_memory",
        "no_progress",
        "start_timeout",
        "load_failed",
        "wrong_answers",
        "protocol_violation",
      ]),
    },
  },
  processMemory: {
    name: "inference_process_memory_bytes",
    type: "gauge",
    unit: "bytes",
    help: "Memory of the largest inference process that is its own, mapped files aside, in bytes.",
    labels: { model_name: servedModels },
  },
  processMemoryLimit: {
    name: "inference_process_memory_limit_bytes",
    type: "gauge",
    unit: "bytes",
    help: "Memory that one inference process may have of its own (memory.processLimitBytes), in bytes.",
    labels: { model_name: servedModels },
  },
  processGpuMemory: {
    name: "inference_process_gpu_memory_bytes",
    type: "gauge",
    unit: "bytes",
    help: "GPU memory of the inference process that has most, in bytes; absent where none has any or nobody can tell.",
    labels: { model_name: servedModels },
  },
  processMemoryGrowth: {
    name: "inference_process_memory_growth_bytes_per_second",
    type: "gauge",
    unit: "bytes per second",
    help: "Slope of the memory of the inference process that grows fastest; absent before there are enough samples.",
    labels: { model_name: servedModels },
  },
  processMemoryExhaustion: {
    name: "inference_process_memory_exhaustion_seconds",
    type: "gauge",
    unit: "seconds",
    help: "Until the first inference process has used up its memory, in seconds; absent while none is on its way there.",
    labels: { model_name: servedModels },
  },
  processReplacements: {
    name: "inference_process_replacements_total",
    type: "counter",
    unit: "processes",
    help: "Inference processes replaced for want of memory (of their own, the control group's, the GPU's), and attempts.",
    labels: {
      model_name: servedModels,
      reason: everyOf<MemoryResource>()(["process", "cgroup", "gpu"]),
      outcome: everyOf<ReplacementOutcome>()(["replaced", "exited", "start_failed"]),
    },
  },
  memoryWatchStopped: {
    name: "memory_watch_circuit_open",
    type: "gauge",
    unit: "state",
    help: "1 while processes of a model are not replaced any more, because it happened too often; 0 otherwise.",
    labels: { model_name: servedModels },
  },
  cgroupMemory: {
    name: "cgroup_memory_used_bytes",
    type: "gauge",
    unit: "bytes",
    help: "Memory of the control group, what the kernel can drop aside, in bytes; absent where it has no limit.",
    labels: {},
  },
  cgroupMemoryLimit: {
    name: "cgroup_memory_limit_bytes",
    type: "gauge",
    unit: "bytes",
    help: "Memory at which the kernel begins to kill in the control group, in bytes; absent where there is none.",
    labels: {},
  },
  audioCrashes: {
    name: "audio_process_crashes_total",
    type: "counter",
    unit: "processes",
    help: "Audio processes that ended before their upload was decoded.",
    labels: {},
  },
  uploads: {
    name: "audio_uploads_open",
    type: "gauge",
    unit: "uploads",
    help: "Uploads of audio that are being received or answered.",
    labels: {},
  },
  spoolBytes: {
    name: "audio_spool_bytes",
    type: "gauge",
    unit: "bytes",
    help: "Disk that the uploads under way take, in bytes.",
    labels: {},
  },
  textWorkerRestarts: {
    name: "text_worker_restarts_total",
    type: "counter",
    unit: "threads",
    help: "Threads for tokenizing that ended and were replaced, by the reason.",
    labels: {
      model_name: servedModels,
      reason: everyOf<TextWorkerExitReason>()(["time_limit", "crashed", "closed"]),
    },
  },
  scores: {
    name: "toxicity_prediction_scores",
    type: "histogram",
    unit: "score",
    help: "Scores of classified texts, 0 to 1, by label.",
    labels: { label: { boundedBy: "labels of the served models" } },
    buckets: [0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1],
  },
  audioSeconds: {
    name: "audio_processed_seconds_total",
    type: "counter",
    unit: "seconds",
    help: "Audio of finished transcriptions, silence included, in seconds.",
    labels: { model_name: servedModels },
  },
  realtimeFactor: {
    name: "transcription_realtime_factor",
    type: "histogram",
    unit: "ratio",
    help: "Processing time of all stages divided by the length of the audio; below 1 is faster than real time.",
    labels: { model_name: servedModels },
    // From a short clip on a GPU to audio that is slower than real time.
    buckets: [0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1, 2, 5],
  },
  rateLimitRejections: {
    name: "rate_limit_rejections_total",
    type: "counter",
    unit: "requests",
    help: "Requests that a rate limit refused: of the client, its route, its address, its failed log-ins, or unknown paths and methods.",
    labels: { reason: ["client", "route", "address", "login", "unknown_path"] },
  },
  rateLimitShared: {
    name: "rate_limit_store_shared",
    type: "gauge",
    unit: "state",
    help: "1 while all instances share the buckets of rate limits through Redis, 0 while each has its own.",
    labels: {},
  },
  rateLimitLosses: {
    name: "rate_limit_store_losses_total",
    type: "counter",
    unit: "losses",
    help: "How often the Redis of the rate limits was lost.",
    labels: {},
  },
  secretVersion: {
    name: "secret_version_info",
    type: "gauge",
    unit: "info",
    help: "The version of each bundle of secrets that is in force, counted from 1 at the start; always 1.",
    labels: { bundle: bundles, version: { boundedBy: "the version in force alone" } },
  },
  secretTimestamp: {
    name: "secret_version_timestamp_seconds",
    type: "gauge",
    unit: "seconds",
    help: "When the version of secrets in force was written, in Unix time: the time of its newest file, or of the start.",
    labels: { bundle: bundles },
  },
  secretFailures: {
    name: "secret_rotation_failures_total",
    type: "counter",
    unit: "rotations",
    help: "New versions of secrets that were not taken over: invalid, missing, or refused by a dependant (subscriber).",
    labels: {
      bundle: bundles,
      reason: everyOf<ServiceEvents["secret_rotation_failed"]["reason"]>()(["invalid", "missing", "subscriber"]),
    },
  },
  keyExpiry: {
    name: "api_key_next_expiry_timestamp_seconds",
    type: "gauge",
    unit: "seconds",
    help: "When the next of the valid API keys expires, in Unix time; absent when none does.",
    labels: {},
  },
  configReloads: {
    name: "config_reloads_total",
    type: "counter",
    unit: "reloads",
    help: "Changes of the configuration that were taken over (success), or were wrong and changed nothing (error).",
    labels: { status: ["success", "error"] },
  },
  httpDuration: {
    name: "http_server_request_duration_seconds",
    type: "histogram",
    unit: "seconds",
    help: "From the headers of a request to the end of its answer, in seconds.",
    labels: {
      method: { boundedBy: "methods that the HTTP parser knows, unknown" },
      route: { boundedBy: "patterns of the routes, unmatched" },
      status_code: { boundedBy: "statuses of docs/errors.md, 200, 204, 304" },
    },
    buckets: secondsBuckets,
  },
  serviceReady: {
    name: "service_ready",
    type: "gauge",
    unit: "state",
    help: "1 while the service is ready, as /readyz has it.",
    labels: {},
  },
  healthCheck: {
    name: "health_check_status",
    type: "gauge",
    unit: "state",
    help: "1 while the check of readiness says yes, 0 while it keeps the service from being ready.",
    labels: {
      check: {
        boundedBy: "accepting, maintenance, event_loop, audio, spool, models, model: and a served model's name",
      },
    },
  },
  modelCanaries: {
    name: "model_canary_total",
    type: "counter",
    unit: "canaries",
    help: "Canary inferences by what they came to; deferred ones met a service that was too busy, or short of memory, for them.",
    labels: {
      model_name: servedModels,
      result: everyOf<CanaryResult>()(["ok", "mismatch", "invalid", "timeout", "crashed", "failed", "deferred"]),
    },
  },
  eventLoopDelay: {
    name: "event_loop_delay_seconds",
    type: "gauge",
    unit: "seconds",
    help: "By how much turns of the event loop are late, nine of ten by no more, in seconds: what readiness is judged by.",
    labels: {},
  },
  spoolFree: {
    name: "audio_spool_free_bytes",
    type: "gauge",
    unit: "bytes",
    help: "What the disk for uploads has left, in bytes.",
    labels: {},
  },
  hostMemory: {
    name: "host_memory_total_bytes",
    type: "gauge",
    unit: "bytes",
    help: "Memory of the machine, in bytes.",
    labels: {},
  },
  hostMemoryAvailable: {
    name: "host_memory_available_bytes",
    type: "gauge",
    unit: "bytes",
    help: "What processes can still get of the machine's memory without swapping, in bytes.",
    labels: {},
  },
  gpuMemoryUsed: {
    name: "gpu_memory_used_bytes",
    type: "gauge",
    unit: "bytes",
    help: "Memory of a GPU that is taken, in bytes; absent where the driver does not say, like all of its kind.",
    labels: { gpu: gpus },
  },
  gpuMemory: {
    name: "gpu_memory_total_bytes",
    type: "gauge",
    unit: "bytes",
    help: "Memory of a GPU, in bytes.",
    labels: { gpu: gpus },
  },
  gpuUtilization: {
    name: "gpu_utilization_ratio",
    type: "gauge",
    unit: "ratio",
    help: "Share of time in which a GPU computed, 0 to 1.",
    labels: { gpu: gpus },
  },
  gpuTemperature: {
    name: "gpu_temperature_celsius",
    type: "gauge",
    unit: "celsius",
    help: "Temperature of a GPU, in degrees Celsius.",
    labels: { gpu: gpus },
  },
  collectorFailures: {
    name: "collector_failures_total",
    type: "counter",
    unit: "attempts",
    help: "Attempts to find out facts about the machine that failed.",
    labels: { collector: everyOf<CollectorName>()(["gpu", "memory", "spool", "model_disk", "model_files"]) },
  },
  internalErrors: {
    name: "internal_errors_total",
    type: "counter",
    unit: "errors",
    help: "Errors of our own, by where they were met; each has a log line `error_occurred`.",
    labels: {
      where: everyOf<ErrorOrigin>()([
        "start",
        "http",
        "audio",
        "scheduler",
        "supervisor",
        "memory_watch",
        "config_reload",
        "uncaught_exception",
      ]),
    },
  },
  subscriberFailures: {
    name: "event_subscriber_failures_total",
    type: "counter",
    unit: "events",
    help: "Events that a subscriber, such as logs or metrics, failed on; the others still got them.",
    labels: { event: { boundedBy: "names of the service's events" } },
  },
  logLinesLost: {
    name: "log_lines_lost_total",
    type: "counter",
    unit: "lines",
    help: "Log lines that were thrown away because nobody read them.",
    labels: {},
  },
  lostSpans: {
    name: "trace_spans_dropped_total",
    type: "counter",
    unit: "spans",
    help: "Spans that never reached the collector: the queue was full, their export failed, or the service ended.",
    labels: { reason: everyOf<SpanLoss>()(["queue_full", "export_failed", "shutdown"]) },
  },
  readFailures: {
    name: "metric_read_failures_total",
    type: "counter",
    unit: "reads",
    help: "Gauges that could not be read when metrics were; the scrape goes on without them.",
    labels: { metric: { boundedBy: "names of the gauges" } },
  },
} as const satisfies Record<string, MetricDefinition>;

export type MetricTable = typeof metricTable;
