import type { ErrorCode } from "./errors.ts";
import type { RequestTimeline } from "./request-timeline.ts";

/** Durations of the stages that a request passed through, in milliseconds. */
export interface StepDurations {
  readonly queueMs: number;
  readonly preprocessMs: number;
  readonly inferenceMs: number;
  readonly totalMs: number;
}

/** Names a request in logs, in error bodies and in its trace. */
export interface RequestIds {
  readonly requestId: string;
  readonly traceId: string;
  /** Of the span that stands for the request. */
  readonly spanId: string;
}

/** Where a request belongs in a distributed trace. */
export interface TraceContext {
  /** 32 lower-case hexadecimal digits, not all zero. */
  readonly traceId: string;
  /** 16 lower-case hexadecimal digits, not all zero: our own span, made for this request. */
  readonly spanId: string;
  /** The caller's span; null when it named none. */
  readonly parentSpanId: string | null;
  /** The trace begins here: nobody has named one. */
  readonly isNew: boolean;
  /** Whether its spans are to be recorded; null while nobody has decided. */
  readonly sampled: boolean | null;
  /** The caller wants it recorded whatever it takes. B3 only; implies `sampled`. */
  readonly isDebug: boolean;
  /** What tracing systems upstream want to be passed on, as W3C's `tracestate` has it. */
  readonly traceState: string | null;
}

/** What is known of a request once its headers (and, for some fields, its body) were read. Holds no user text. */
export interface RequestFacts extends RequestIds {
  readonly method: string;
  /** The route's pattern, never the path as sent. */
  readonly route: string;
  readonly clientId: string | null;
  readonly channel: string | null;
  readonly media: string | null;
}

/** Everything that stages tell the rest of the service. Telemetry turns events into logs and metrics. */
export interface ServiceEvents {
  service_started: { readonly address: string };
  service_ready: { readonly startMs: number };
  service_draining: { readonly reason: string };
  service_stopped: { readonly reason: string };
  config_reloaded: { readonly changed: readonly string[] };
  config_rejected: { readonly problems: readonly string[] };
  /** Nobody needs a key: because there is no list of them, or because `auth.mode` says so. */
  auth_disabled: { readonly address: string; readonly reason: "no_keys" | "mode_none" };
  /** An operator should change something about secrets, though they work. Names places, never values. */
  secret_warned: { readonly warning: string };
  /** A version of a bundle of secrets is in force, the first one too. */
  secret_version_changed: {
    readonly bundle: string;
    readonly version: number;
    /** Unix time in milliseconds: of its newest file, or of the start where it lies in the environment. */
    readonly writtenAt: number;
  };
  secret_rotation_failed: { readonly bundle: string; readonly reason: "invalid" | "missing" | "subscriber" };
  /** The buckets of rate limits are shared through Redis from now on, or each instance has its own because of `reason`. */
  rate_limit_store_changed: { readonly isShared: boolean; readonly reason: string | null };
  /** What an operator has asked of tracing and does not get. Names variables, never values. */
  tracing_warned: { readonly warning: string };
  /** Spans that never reached the collector. */
  spans_lost: { readonly spans: number; readonly reason: SpanLoss };
  request_received: { readonly requestId: string; readonly route: string };
  request_finished: RequestFacts & {
    readonly trace: TraceContext;
    /** On the clock of `performance.now()`: when the headers had been read. */
    readonly startedAt: number;
    /** The stages that it passed through; null when its trace is not recorded. */
    readonly timeline: Pick<RequestTimeline, "stages" | "leftOut"> | null;
    readonly statusCode: number;
    readonly code: ErrorCode | null;
    readonly durationMs: number;
    /** Name of the model for task requests. */
    readonly model: string | null;
    /** `true` on the routes that run a model: they alone count as inference requests. */
    readonly isTask: boolean;
    /** Code points of the texts together; null before the body was read. */
    readonly inputLength: number | null;
    readonly steps: StepDurations | null;
    /** Numbers that explain an error, such as the scores that were rejected. */
    readonly facts: Readonly<Record<string, unknown>>;
  };
  /** A client's request got an answer from the model, which was one or was none (`invalid_prediction`). */
  answer_checked: { readonly model: string; readonly modelId: ModelId; readonly isValid: boolean };
  text_classified: { readonly model: string; readonly scores: readonly { label: string; score: number }[] };
  /** One stretch of speech of a request was written down. */
  segment_processed: RequestIds & {
    readonly model: string;
    /** In the audio as uploaded. */
    readonly startMs: number;
    readonly endMs: number;
    readonly tokens: number;
  };
  /** An upload was transcribed to its end. */
  audio_processed: RequestIds & {
    readonly model: string;
    readonly audioMs: number;
    readonly speechMs: number;
    readonly windows: number;
    /** That audio and inference processes worked on it, together: the time of its upload does not count. */
    readonly processingMs: number;
  };
  batch_completed: {
    readonly model: string;
    readonly windows: number;
    /** Of all windows together: tokens of text, or frames of audio. */
    readonly length: number;
    /** Windows times the longest of them. */
    readonly paddedLength: number;
    readonly inferenceMs: number;
  };
  /** There was too little memory for a run, whose windows go on as `step` says, or fail. */
  batch_fell_back: {
    readonly model: string;
    readonly step: FallbackStep;
    /** Of those that go this way. */
    readonly windows: number;
    /** Of the run: its windows times the longest of them. */
    readonly paddedLength: number;
    /** Execution provider that ran out of memory. */
    readonly device: string;
  };
  process_started: { readonly model: string; readonly pid: number; readonly role: ProcessRole | "fallback" };
  process_ready: { readonly model: string; readonly pid: number; readonly startMs: number };
  process_exited: {
    readonly model: string;
    readonly modelId: ModelId;
    readonly pid: number;
    readonly reason: ProcessExitReason;
    readonly wasReady: boolean;
    readonly exitCode: number | null;
    readonly signal: string | null;
    /** From our SIGKILL to the exit; null when it was not killed by us. */
    readonly killMs: number | null;
    /**
     * What it said of its failed load, or the number of the error that lost its device. Nothing else once it was ready:
     * from then on it has seen what clients sent.
     */
    readonly detail: string | null;
  };
  /** A process will have used up its memory within the horizon. Told once in its life. */
  memory_forecast: {
    readonly model: string;
    readonly pid: number;
    readonly resource: MemoryResource;
    readonly bytes: number;
    readonly limitBytes: number;
    readonly bytesPerSecond: number;
    /** Until the limit; 0 when it is reached. */
    readonly seconds: number;
  };
  process_replacement_started: { readonly model: string; readonly pid: number; readonly reason: MemoryResource };
  process_replaced: {
    readonly model: string;
    readonly pid: number;
    readonly reason: MemoryResource;
    readonly outcome: ReplacementOutcome;
    /** From the start of the replacement until the old process was gone, or the attempt given up. */
    readonly durationMs: number;
  };
  /** A model's processes had to be replaced so often that it is not done any more, for an hour. */
  memory_watch_stopped: { readonly model: string; readonly replacements: number };
  /**
   * A window of this client was alone with the second of these processes, and both ended under it; or one ended under
   * windows of this client alone, which left before they could be run again. That explains the ends.
   */
  window_poisoned: {
    readonly model: string;
    readonly modelId: ModelId;
    readonly pids: readonly number[];
    readonly client: string;
  };
  process_output: { readonly model: string; readonly pid: number; readonly line: string };
  /** The thread that tokenizes for this model ended while it was wanted, and a fresh one took its place. */
  text_worker_restarted: { readonly model: string; readonly reason: TextWorkerExitReason };
  /** Uploads can be decoded; `sandbox` names the layers that hold around each audio process. */
  audio_ready: { readonly decoder: string; readonly sandbox: readonly string[] };
  /** An audio process ended before its upload was decoded. Another one starts over, once. */
  audio_process_crashed: RequestIds & {
    readonly pid: number;
    readonly exitCode: number | null;
    readonly signal: string | null;
    readonly isReplaced: boolean;
  };
  /** A model that should be computed on a GPU is computed on the CPU from now on. */
  execution_provider_fell_back: {
    readonly model: string;
    /** The one that it should be computed with. */
    readonly provider: "cuda";
    readonly reason: FallbackReason;
    readonly detail: string;
  };
  /** Processes of the model failed on this device in a row while others work: none is started there for a while. */
  device_set_aside: {
    readonly model: string;
    /** UUID of the GPU, or of the slice of one. */
    readonly device: string;
    /** In a row. */
    readonly failures: number;
    /** Until one is tried there again. */
    readonly retryMs: number;
    readonly detail: string;
  };
  /** A process of the model got ready there again. */
  device_restored: { readonly model: string; readonly device: string };
  /** A process got ready on a device that is as slow as a CPU. */
  device_is_slow: { readonly model: string; readonly pid: number; readonly detail: string };
  /** A model is to be computed on a device, and nothing tells what it should say there. */
  device_is_unproven: { readonly model: string; readonly detail: string };
  model_state_changed: { readonly model: string; readonly state: ModelState };
  /** A subscriber of the bus threw; the others got the event. */
  subscriber_failed: { readonly event: keyof ServiceEvents };
  /** Nobody read the log fast enough. */
  log_lines_lost: { readonly lines: number };
  canary_finished: { readonly model: string; readonly result: CanaryResult; readonly ms: number };
  /** The service is ready, for the first time too, or is not any more. `failing` names the checks that say no. */
  readiness_changed: { readonly isReady: boolean; readonly failing: readonly FailingCheck[] };
  /** Facts about the machine could not be collected. `isNews` is false when the last attempt failed, too. */
  collector_failed: { readonly collector: CollectorName; readonly problem: string; readonly isNews: boolean };
  collector_recovered: { readonly collector: CollectorName };
  /** `request` names the one that met the error, where one did. */
  error_occurred: { readonly where: ErrorOrigin; readonly error: unknown; readonly request?: RequestIds };
}

/** Tells a model from its successor of the same name. */
export type ModelId = string;

/** Why a span was never exported. */
export type SpanLoss = "queue_full" | "export_failed" | "shutdown";

/** Where an error of our own was met. */
export type ErrorOrigin =
  | "start"
  | "http"
  | "audio"
  | "scheduler"
  | "supervisor"
  | "memory_watch"
  | "config_reload"
  | "uncaught_exception";

/** `active` instances take batches; a `spare` is warm and waits to replace one. A `fallback` is neither: see `CpuStandby`. */
export type ProcessRole = "active" | "spare";

/** What is tried with windows for which there was too little memory: half of them, each alone, the CPU, or nothing. */
export type FallbackStep = "half" | "single" | "cpu" | "failed";

/** What runs short: the memory that a process may take, that of its control group, or that of its GPU. */
export type MemoryResource = "process" | "cgroup" | "gpu";

/**
 * Why a GPU is not computed on: the driver tells of none, no profile is for it, the CUDA provider is missing, is of another
 * version than the core, or holds no code for the device, the driver is too old for it, the device has no room for the model, a
 * process could not be started on the device, or said there something else than on a CPU.
 */
export type FallbackReason =
  | "no_device"
  | "no_profile"
  | "no_provider"
  | "version_mismatch"
  | "no_kernels"
  | "old_driver"
  | "no_room"
  | "load_failed"
  | "wrong_answers";

/**
 * How the replacement of a process ended: its successor took its place, it ended by itself before that, or no successor
 * could be started and it goes on.
 */
export type ReplacementOutcome = "replaced" | "exited" | "start_failed";

/**
 * Why an inference process ended, as its supervisor knows it. `device_lost`: CUDA fails every call since one went wrong;
 * `out_of_memory`: it had too little memory for single windows, several in a row. `wrong_answers`: on a device, it did not
 * say what the model says on a CPU.
 */
export type ProcessExitReason =
  | "stopped"
  | "replaced"
  | "crashed"
  | "device_lost"
  | "out_of_memory"
  | "no_progress"
  | "start_timeout"
  | "load_failed"
  | "wrong_answers"
  | "protocol_violation";

/**
 * What a canary inference came to. `deferred` is the only one that says nothing of the model: the service was too busy
 * for it, or had too little memory, and not for the canary before.
 */
export type CanaryResult = "ok" | "mismatch" | "invalid" | "timeout" | "crashed" | "failed" | "deferred";

/** Collects facts about the machine in the background. */
export type CollectorName = "gpu" | "memory" | "spool" | "model_disk" | "model_files";

export interface FailingCheck {
  readonly name: string;
  readonly detail: string;
}

/** Somebody asked for its end. */
export function isWantedExit(reason: ProcessExitReason): reason is "stopped" | "replaced" {
  return reason === "stopped" || reason === "replaced";
}

/** Why a text worker's thread ended: `time_limit` when a text took too long. */
export type TextWorkerExitReason = "time_limit" | "crashed" | "closed";

/** `circuit_open`: its processes kept failing before they were ready; starts are tried slowly. */
export type ModelState = "loading" | "ready" | "circuit_open" | "stopped";

type Listener<Payload> = (payload: Payload) => void;

/**
 * A typed, synchronous bus. Emitters never see a subscriber's failure: it goes to `onSubscriberError`, and the other
 * subscribers still run.
 */
export class EventBus {
  readonly #listeners = new Map<keyof ServiceEvents, Set<Listener<never>>>();
  readonly #onSubscriberError: (event: keyof ServiceEvents, error: unknown) => void;

  constructor(onSubscriberError: (event: keyof ServiceEvents, error: unknown) => void) {
    this.#onSubscriberError = onSubscriberError;
  }

  /** Returns the function that ends the subscription. */
  on<Name extends keyof ServiceEvents>(event: Name, listener: Listener<ServiceEvents[Name]>): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  emit<Name extends keyof ServiceEvents>(event: Name, payload: ServiceEvents[Name]): void {
    for (const listener of this.#listeners.get(event) ?? []) {
      try {
        (listener as Listener<ServiceEvents[Name]>)(payload);
      } catch (error) {
        this.#onSubscriberError(event, error);
      }
    }
  }
}
