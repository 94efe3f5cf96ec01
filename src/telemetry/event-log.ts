import type { Config } from "../config.ts";
import { type EventBus, isWantedExit, type ModelState, type ProcessExitReason, type SpanLoss } from "../events.ts";
import { describeError } from "./describe-error.ts";
import type { LineLevel, Logger } from "./logger.ts";
import { idFields, logRequests } from "./request-log.ts";
import { isoTimestamp } from "./timestamp.ts";

const lostSpansIntervalMs = 60_000;

/** Writes one line for each event that an operator may want to read. */
export function logEvents(events: EventBus, logger: Logger, config: () => Config): void {
  // Before the line that the service has stopped, which is to be the last.
  logTracing(events, logger);
  logService(events, logger);
  logSecurity(events, logger);
  logProcesses(events, logger);
  logMemory(events, logger);
  logAudio(events, logger);
  logHealth(events, logger);
  logRequests(events, logger, config);
  events.on("error_occurred", ({ where, error, request }) => {
    const ids = request === undefined ? {} : idFields(request);
    logger.write("error", "error_occurred", { ...ids, where, error: describeError(error) });
  });
}

function logService(events: EventBus, logger: Logger): void {
  events.on("service_started", ({ address }) => logger.write("info", "service_started", { address }));
  events.on("service_ready", ({ startMs }) => logger.write("info", "service_ready", { start_ms: Math.round(startMs) }));
  events.on("service_draining", ({ reason }) => logger.write("info", "service_draining", { reason }));
  events.on("service_stopped", ({ reason }) => logger.write("info", "service_stopped", { reason }));
  events.on("config_reloaded", ({ changed }) => logger.write("info", "config_reloaded", { changed }));
  events.on("config_rejected", ({ problems }) => logger.write("error", "config_rejected", { problems }));
}

function logSecurity(events: EventBus, logger: Logger): void {
  events.on("auth_disabled", ({ address, reason }) => logger.write("warn", "auth_disabled", { address, reason }));
  events.on("secret_warned", ({ warning }) => logger.write("warn", "secret_warned", { warning }));
  events.on("secret_version_changed", ({ bundle, version, writtenAt }) => {
    logger.write("info", "secret_version_changed", {
      bundle,
      version,
      written_at: isoTimestamp(Math.floor(writtenAt)),
    });
  });
  events.on("secret_rotation_failed", (failed) => logger.write("error", "secret_rotation_failed", { ...failed }));
  events.on("rate_limit_store_changed", ({ isShared, reason }) => {
    logger.write(isShared ? "info" : "warn", "rate_limit_store_changed", { is_shared: isShared, reason });
  });
}

function logProcesses(events: EventBus, logger: Logger): void {
  events.on("process_started", (started) => logger.write("info", "process_started", { ...started }));
  events.on("process_ready", ({ model, pid, startMs }) => {
    logger.write("info", "process_ready", { model, pid, start_ms: Math.round(startMs) });
  });
  events.on("process_exited", ({ model, pid, reason, wasReady, exitCode, signal, killMs, detail }) => {
    const fields = { model, pid, reason, was_ready: wasReady, exit_code: exitCode, signal, kill_ms: killMs, detail };
    logger.write(exitLevel(reason), "process_exited", fields);
  });
  events.on("execution_provider_fell_back", (fallback) => {
    logger.write("error", "execution_provider_fell_back", { ...fallback });
  });
  events.on("batch_fell_back", ({ model, step, windows, paddedLength, device }) => {
    const fields = { model, step, windows, padded_length: paddedLength, device };
    logger.write(step === "failed" ? "error" : "warn", "batch_fell_back", fields);
  });
  events.on("device_set_aside", ({ model, device, failures, retryMs, detail }) => {
    logger.write("error", "device_set_aside", { model, device, failures, retry_ms: retryMs, detail });
  });
  events.on("device_restored", (restored) => logger.write("info", "device_restored", { ...restored }));
  events.on("device_is_slow", (slow) => logger.write("error", "device_is_slow", { ...slow }));
  events.on("device_is_unproven", (unproven) => logger.write("warn", "device_is_unproven", { ...unproven }));
  events.on("process_output", (output) => logger.write("warn", "process_output", { ...output }));
  events.on("text_worker_restarted", ({ model, reason }) => {
    logger.write("warn", "text_worker_restarted", { model, reason });
  });
  events.on("model_state_changed", ({ model, state }) => {
    logger.write(stateLevel(state), "model_state_changed", { model, state });
  });
}

function logMemory(events: EventBus, logger: Logger): void {
  events.on("memory_forecast", ({ model, pid, resource, bytes, limitBytes, bytesPerSecond, seconds }) => {
    logger.write("warn", "memory_forecast", {
      model,
      pid,
      resource,
      bytes,
      limit_bytes: limitBytes,
      bytes_per_second: Math.round(bytesPerSecond),
      seconds: Math.round(seconds),
    });
  });
  events.on("process_replacement_started", (started) => {
    logger.write("info", "process_replacement_started", { ...started });
  });
  events.on("process_replaced", ({ model, pid, reason, outcome, durationMs }) => {
    const fields = { model, pid, reason, outcome, duration_ms: Math.round(durationMs) };
    logger.write(outcome === "replaced" ? "info" : "warn", "process_replaced", fields);
  });
  events.on("memory_watch_stopped", (stopped) => logger.write("error", "memory_watch_stopped", { ...stopped }));
}

function logAudio(events: EventBus, logger: Logger): void {
  events.on("audio_ready", (ready) => logger.write("info", "audio_ready", { ...ready }));
  events.on("audio_process_crashed", ({ pid, exitCode, signal, isReplaced, ...ids }) => {
    const fields = { ...idFields(ids), pid, exit_code: exitCode, signal, is_replaced: isReplaced };
    logger.write("warn", "audio_process_crashed", fields);
  });
  events.on("audio_processed", ({ model, audioMs, speechMs, windows, processingMs, ...ids }) => {
    const milliseconds = { audio_ms: audioMs, speech_ms: speechMs, processing_ms: Math.round(processingMs) };
    logger.write("info", "audio_processed", { ...idFields(ids), model, windows, ...milliseconds });
  });
}

/**
 * A collector that is away loses spans by the second. The first loss is told at once; of what follows one line a minute
 * tells the sum, and one at the end of the service. A line has the reason of the last loss in it.
 */
function logTracing(events: EventBus, logger: Logger): void {
  events.on("tracing_warned", ({ warning }) => logger.write("warn", "tracing_warned", { warning }));
  let lost = 0;
  let lastReason: SpanLoss | null = null;
  let pause: NodeJS.Timeout | undefined;
  const tell = (): void => {
    clearTimeout(pause);
    pause = undefined;
    if (lost > 0) {
      logger.write("warn", "spans_lost", { spans: lost, reason: lastReason });
      lost = 0;
      pause = setTimeout(tell, lostSpansIntervalMs).unref();
    }
  };
  events.on("spans_lost", ({ spans, reason }) => {
    lost += spans;
    lastReason = reason;
    if (pause === undefined || reason === "shutdown") {
      tell();
    }
  });
  events.on("service_stopped", tell);
}

function logHealth(events: EventBus, logger: Logger): void {
  events.on("readiness_changed", ({ isReady, failing }) => {
    logger.write(isReady ? "info" : "warn", "readiness_changed", { is_ready: isReady, failing });
  });
  events.on("canary_finished", ({ model, result, ms }) => {
    const isFine = result === "ok" || result === "deferred";
    logger.write(isFine ? "debug" : "warn", "canary_finished", { model, result, duration_ms: Math.round(ms) });
  });
  events.on("collector_failed", ({ collector, problem, isNews }) => {
    if (isNews) {
      logger.write("warn", "collector_failed", { collector, problem });
    }
  });
  events.on("collector_recovered", ({ collector }) => logger.write("info", "collector_recovered", { collector }));
}

/** A process that ended by itself is replaced; only a model that cannot be started at all needs someone. */
function exitLevel(reason: ProcessExitReason): LineLevel {
  return isWantedExit(reason) ? "info" : "warn";
}

function stateLevel(state: ModelState): LineLevel {
  return state === "circuit_open" ? "error" : "info";
}
