import fc from "fast-check";
import { expect, onTestFinished, test, vi } from "vitest";
import { loadConfig } from "../../../src/config/load-config.ts";
import type { Config } from "../../../src/config.ts";
import { ServiceError } from "../../../src/errors.ts";
import { EventBus, type ServiceEvents } from "../../../src/events.ts";
import { OperatorError } from "../../../src/operator-error.ts";
import { logEvents } from "../../../src/telemetry/event-log.ts";
import { createLogger } from "../../../src/telemetry/logger.ts";
import { isSampled } from "../../../src/telemetry/tracing/sampling.ts";
import { finishedRequest } from "../../helpers/finished-request.ts";
import { LogLines } from "../../helpers/log-lines.ts";
import { requestIds } from "../../helpers/request-ids.ts";

test("the life of the service is told at info", () => {
  const { bus, lines } = createLog();
  bus.emit("service_started", { address: "http://127.0.0.1:8080" });
  bus.emit("service_ready", { startMs: 812.6 });
  bus.emit("service_draining", { reason: "SIGTERM" });
  bus.emit("service_stopped", { reason: "SIGTERM" });
  expect(lines.parsed).toMatchObject([
    { level: "info", event: "service_started", address: "http://127.0.0.1:8080" },
    { level: "info", event: "service_ready", start_ms: 813 },
    { level: "info", event: "service_draining", reason: "SIGTERM" },
    { level: "info", event: "service_stopped", reason: "SIGTERM" },
  ]);
});

test("a configuration that was taken over is told at info, one that was rejected is an error", () => {
  const { bus, lines } = createLog();
  bus.emit("config_reloaded", { changed: ["log.level"] });
  bus.emit("config_rejected", { problems: ["server.port: needs a restart"] });
  expect(lines.parsed).toMatchObject([
    { level: "info", event: "config_reloaded", changed: ["log.level"] },
    { level: "error", event: "config_rejected", problems: ["server.port: needs a restart"] },
  ]);
});

test("lost readiness is a warning with its reasons, a failed canary too; a collector is told when it fails and recovers", () => {
  const { bus, lines } = createLog();
  const failing = [{ name: "spool", detail: "it is full" }];
  bus.emit("readiness_changed", { isReady: false, failing });
  bus.emit("readiness_changed", { isReady: true, failing: [] });
  bus.emit("canary_finished", { model: "small", result: "timeout", ms: 12.4 });
  bus.emit("collector_failed", { collector: "gpu", problem: "no answer", isNews: true });
  bus.emit("collector_failed", { collector: "gpu", problem: "no answer", isNews: false });
  bus.emit("collector_recovered", { collector: "gpu" });
  expect(lines.parsed).toMatchObject([
    { level: "warn", event: "readiness_changed", is_ready: false, failing },
    { level: "info", event: "readiness_changed", is_ready: true, failing: [] },
    { level: "warn", event: "canary_finished", model: "small", result: "timeout", duration_ms: 12 },
    { level: "warn", event: "collector_failed", collector: "gpu", problem: "no answer" },
    { level: "info", event: "collector_recovered", collector: "gpu" },
  ]);
});

test("what concerns keys and secrets is told by names and numbers", () => {
  const { bus, lines } = createLog();
  bus.emit("auth_disabled", { address: "http://127.0.0.1:8080", reason: "no_keys" });
  bus.emit("secret_warned", { warning: "/run/secrets/redis-url: others can read it" });
  bus.emit("secret_version_changed", { bundle: "redis", version: 2, writtenAt: 1_700_000_000_000.5 });
  bus.emit("secret_rotation_failed", { bundle: "redis", reason: "invalid" });
  bus.emit("rate_limit_store_changed", { isShared: false, reason: "ECONNREFUSED" });
  bus.emit("rate_limit_store_changed", { isShared: true, reason: null });
  expect(lines.parsed).toMatchObject([
    { level: "warn", event: "auth_disabled", address: "http://127.0.0.1:8080", reason: "no_keys" },
    { level: "warn", event: "secret_warned", warning: "/run/secrets/redis-url: others can read it" },
    { level: "info", event: "secret_version_changed", bundle: "redis", version: 2 },
    { level: "error", event: "secret_rotation_failed", bundle: "redis", reason: "invalid" },
    { level: "warn", event: "rate_limit_store_changed", is_shared: false, reason: "ECONNREFUSED" },
    { level: "info", event: "rate_limit_store_changed", is_shared: true, reason: null },
  ]);
});

test("a forecast is a warning, its replacement is told, and a watch that stopped is an error", () => {
  const { bus, lines } = createLog();
  const forecast = { resource: "process", bytes: 900, limitBytes: 1000, bytesPerSecond: 12.3, seconds: 8.1 } as const;
  bus.emit("memory_forecast", { model: "small", pid: 7, ...forecast });
  bus.emit("process_replacement_started", { model: "small", pid: 7, reason: "process" });
  bus.emit("process_replaced", { model: "small", pid: 7, reason: "process", outcome: "replaced", durationMs: 812.4 });
  bus.emit("process_replaced", { model: "small", pid: 8, reason: "gpu", outcome: "start_failed", durationMs: 5 });
  bus.emit("memory_watch_stopped", { model: "small", replacements: 6 });
  expect(lines.parsed).toMatchObject([
    {
      level: "warn",
      event: "memory_forecast",
      model: "small",
      pid: 7,
      resource: "process",
      bytes: 900,
      limit_bytes: 1000,
      bytes_per_second: 12,
      seconds: 8,
    },
    { level: "info", event: "process_replacement_started", model: "small", pid: 7, reason: "process" },
    { level: "info", event: "process_replaced", pid: 7, reason: "process", outcome: "replaced", duration_ms: 812 },
    { level: "warn", event: "process_replaced", pid: 8, reason: "gpu", outcome: "start_failed" },
    { level: "error", event: "memory_watch_stopped", model: "small", replacements: 6 },
  ]);
});

test("a device whose answers are compared with nothing is a warning", () => {
  const { bus, lines } = createLog();
  bus.emit("device_is_unproven", { model: "small", detail: "no recorded canary" });
  expect(lines.parsed).toMatchObject([
    { level: "warn", event: "device_is_unproven", model: "small", detail: "no recorded canary" },
  ]);
});

test("starts of processes are told at info, what they print is a warning", () => {
  const { bus, lines } = createLog();
  bus.emit("process_started", { model: "small", pid: 7, role: "spare" });
  bus.emit("process_ready", { model: "small", pid: 7, startMs: 99.4 });
  bus.emit("process_output", { model: "small", pid: 7, line: "[W:onnxruntime] odd" });
  expect(lines.parsed).toMatchObject([
    { level: "info", event: "process_started", model: "small", pid: 7, role: "spare" },
    { level: "info", event: "process_ready", model: "small", pid: 7, start_ms: 99 },
    { level: "warn", event: "process_output", model: "small", pid: 7, line: "[W:onnxruntime] odd" },
  ]);
});

test.each([
  ["stopped", "info"],
  ["replaced", "info"],
  ["crashed", "warn"],
  ["no_progress", "warn"],
  ["start_timeout", "warn"],
  ["load_failed", "warn"],
  ["wrong_answers", "warn"],
  ["protocol_violation", "warn"],
] as const)("a process that exited as %s is told at %s", (reason, level) => {
  const { bus, lines } = createLog();
  const exit = { wasReady: true, exitCode: null, signal: "SIGKILL", killMs: 12.5, detail: null };
  bus.emit("process_exited", { model: "small", modelId: "1", pid: 7, reason, ...exit });
  expect(lines.parsed).toMatchObject([
    {
      level,
      event: "process_exited",
      model: "small",
      pid: 7,
      reason,
      was_ready: true,
      exit_code: null,
      signal: "SIGKILL",
      kill_ms: 12.5,
      detail: null,
    },
  ]);
});

test("a process that could not load its model is told with what it said of that", () => {
  const { bus, lines } = createLog();
  const exit = { wasReady: false, exitCode: 1, signal: null, killMs: null, detail: "onnx/model.onnx has no output" };
  bus.emit("process_exited", { model: "small", modelId: "1", pid: 7, reason: "load_failed", ...exit });
  expect(lines.parsed).toMatchObject([{ event: "process_exited", detail: "onnx/model.onnx has no output" }]);
});

test("a text worker that was replaced is a warning", () => {
  const { bus, lines } = createLog();
  bus.emit("text_worker_restarted", { model: "small", reason: "time_limit" });
  expect(lines.parsed).toMatchObject([
    { level: "warn", event: "text_worker_restarted", model: "small", reason: "time_limit" },
  ]);
});

test.each([
  ["loading", "info"],
  ["ready", "info"],
  ["circuit_open", "error"],
  ["stopped", "info"],
] as const)("a model that becomes %s is told at %s", (state, level) => {
  const { bus, lines } = createLog();
  bus.emit("model_state_changed", { model: "small", state });
  expect(lines.parsed).toMatchObject([{ level, event: "model_state_changed", model: "small", state }]);
});

test("an error is told with where it happened, and a foreign one without its message", () => {
  const { bus, lines } = createLog();
  bus.emit("error_occurred", { where: "http", error: new Error("quotes the text") });
  bus.emit("error_occurred", { where: "http", error: new ServiceError("internal_error", "No scores came.") });
  expect(lines.parsed).toMatchObject([
    { level: "error", event: "error_occurred", where: "http", error: { name: "Error" } },
    { level: "error", event: "error_occurred", where: "http", error: { message: "No scores came." } },
  ]);
  expect(lines.text).not.toContain("quotes the text");
});

test("an error that a request met names the request and its trace", () => {
  const { bus, lines } = createLog();
  bus.emit("error_occurred", { where: "http", error: new Error("any"), request: requestIds("r-1") });
  const { requestId, traceId, spanId } = requestIds("r-1");
  expect(lines.parsed).toMatchObject([{ request_id: requestId, trace_id: traceId, span_id: spanId }]);
});

test("every line of a request names its trace", () => {
  const { bus, lines } = createLog();
  bus.emit("request_finished", {
    ...finishedRequest,
    trace: { ...finishedRequest.trace, parentSpanId: "c".repeat(16) },
  });
  const ids = requestIds("r-1");
  bus.emit("audio_process_crashed", { ...ids, pid: 7, exitCode: 1, signal: null, isReplaced: false });
  bus.emit("audio_processed", { ...ids, model: "m", audioMs: 1, speechMs: 1, windows: 1, processingMs: 1 });
  const named = { request_id: "r-1", trace_id: ids.traceId, span_id: ids.spanId };
  expect(lines.parsed).toMatchObject([{ ...named, parent_span_id: "c".repeat(16) }, named, named]);
});

test("what tracing cannot do as asked is a warning", () => {
  const { bus, lines } = createLog();
  bus.emit("tracing_warned", { warning: "OTEL_TRACES_SAMPLER names no sampler" });
  expect(lines.parsed).toMatchObject([
    { level: "warn", event: "tracing_warned", warning: "OTEL_TRACES_SAMPLER names no sampler" },
  ]);
});

test("why a model cannot be opened is told", () => {
  const { bus, lines } = createLog();
  const cause = Object.assign(new Error("permission denied"), { code: "EACCES" });
  const error = new OperatorError("models/small/manifest.json cannot be read (EACCES)", { cause });
  bus.emit("error_occurred", { where: "start", error });
  expect(lines.parsed).toMatchObject([
    {
      level: "error",
      where: "start",
      error: { message: "models/small/manifest.json cannot be read (EACCES)", cause: { code: "EACCES" } },
    },
  ]);
});

test("the audio stage tells what holds around its processes, and which of them crashed", () => {
  const { bus, lines } = createLog();
  bus.emit("audio_ready", { decoder: "node-av", sandbox: ["prlimit"] });
  bus.emit("audio_process_crashed", {
    ...requestIds("r-1"),
    pid: 7,
    exitCode: null,
    signal: "SIGSEGV",
    isReplaced: true,
  });
  expect(lines.parsed).toMatchObject([
    { level: "info", event: "audio_ready", decoder: "node-av", sandbox: ["prlimit"] },
    { level: "warn", event: "audio_process_crashed", request_id: "r-1", pid: 7, signal: "SIGSEGV", is_replaced: true },
  ]);
});

test("the first lost spans are told at once, those of the minute after it at its end, the last of a shutdown at once", () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { bus, lines } = createLog();
  const told = () => lines.parsed.map(({ spans, reason }) => [spans, reason]);
  bus.emit("spans_lost", { spans: 3, reason: "export_failed" });
  expect(told()).toEqual([[3, "export_failed"]]);
  bus.emit("spans_lost", { spans: 1, reason: "export_failed" });
  bus.emit("spans_lost", { spans: 2, reason: "queue_full" });
  vi.advanceTimersByTime(59_999);
  expect(told()).toHaveLength(1);
  vi.advanceTimersByTime(1);
  expect(told().slice(1)).toEqual([[3, "queue_full"]]);
  vi.advanceTimersByTime(600_000);
  expect(told()).toHaveLength(2);
  expect(vi.getTimerCount()).toBe(0);
  bus.emit("spans_lost", { spans: 4, reason: "queue_full" });
  bus.emit("spans_lost", { spans: 5, reason: "shutdown" });
  expect(told().slice(2)).toEqual([
    [4, "queue_full"],
    [5, "shutdown"],
  ]);
});

test("lost spans that no line has told of are told before the service has stopped", () => {
  const { bus, lines } = createLog();
  bus.emit("spans_lost", { spans: 1, reason: "queue_full" });
  bus.emit("spans_lost", { spans: 2, reason: "export_failed" });
  bus.emit("service_stopped", { reason: "SIGTERM" });
  expect(lines.parsed).toMatchObject([
    { level: "warn", event: "spans_lost", spans: 1, reason: "queue_full" },
    { level: "warn", event: "spans_lost", spans: 2, reason: "export_failed" },
    { event: "service_stopped" },
  ]);
});

test("a transcribed upload is told with its lengths and what it took", () => {
  const { bus, lines } = createLog();
  bus.emit("audio_processed", {
    ...requestIds("r-1"),
    model: "whisper",
    audioMs: 12_500,
    speechMs: 9_000,
    windows: 2,
    processingMs: 1_250.4,
  });
  expect(lines.parsed).toMatchObject([
    {
      level: "info",
      event: "audio_processed",
      request_id: "r-1",
      model: "whisper",
      audio_ms: 12_500,
      speech_ms: 9_000,
      windows: 2,
      processing_ms: 1_250,
    },
  ]);
});

test("what only metrics count is not logged", () => {
  const { bus, lines } = createLog();
  bus.emit("segment_processed", { ...requestIds(), model: "whisper", startMs: 0, endMs: 900, tokens: 4 });
  bus.emit("request_received", { requestId: "r", route: "/v1/classify" });
  bus.emit("text_classified", { model: "small", scores: [{ label: "toxic", score: 0.9 }] });
  bus.emit("batch_completed", { model: "small", windows: 1, length: 2, paddedLength: 2, inferenceMs: 3 });
  expect(lines.text).toBe("");
});

const request: ServiceEvents["request_finished"] = {
  ...finishedRequest,
  durationMs: 12.34567,
  steps: { queueMs: 1.23456, preprocessMs: 0.5, inferenceMs: 8, totalMs: 12 },
};

test("a finished request is one line with its ids, its client, its status and its durations", () => {
  const { bus, lines } = createLog();
  bus.emit("request_finished", request);
  const [line] = lines.parsed;
  expect(line).toEqual({
    level: "info",
    timestamp: expect.any(String),
    version: "1.2.3",
    event: "request_finished",
    request_id: "r-1",
    trace_id: "a".repeat(32),
    span_id: "b".repeat(16),
    method: "POST",
    route: "/v1/classify",
    client_id: "shop",
    channel: "web",
    media: "text",
    model: "small",
    input_length: 42,
    status: 200,
    code: null,
    duration_ms: 12.346,
    queue_ms: 1.235,
    preprocess_ms: 0.5,
    inference_ms: 8,
    total_ms: 12,
  });
  expect(lines.parsed).toHaveLength(1);
});

test("a request that ran no model has no step durations, and one that failed has its code and its facts", () => {
  const { bus, lines } = createLog();
  const failure = { statusCode: 500, code: "invalid_prediction", steps: null, facts: { sum: 1.5 } } as const;
  bus.emit("request_finished", { ...request, ...failure });
  expect(lines.parsed[0]).toMatchObject({ status: 500, code: "invalid_prediction", facts: { sum: 1.5 } });
  expect(lines.parsed[0]).not.toHaveProperty("queue_ms");
});

test.each([
  [200, "info"],
  [404, "info"],
  [429, "info"],
  [499, "info"],
  [500, "error"],
  [503, "warn"],
  [504, "warn"],
])("a request that ended with %i is told at %s", (statusCode, level) => {
  const { bus, lines } = createLog();
  bus.emit("request_finished", { ...request, statusCode });
  expect(lines.parsed).toMatchObject([{ level, status: statusCode }]);
});

test.each(["/livez", "/readyz", "/startupz", "/health", "/metrics"])("%s is told at debug, ready or not", (route) => {
  const { bus, lines } = createLog("debug");
  bus.emit("request_finished", { ...request, route, statusCode: 200 });
  bus.emit("request_finished", { ...request, route, statusCode: 503 });
  expect(lines.parsed).toMatchObject([{ level: "debug" }, { level: "debug" }]);
});

test("of the requests that went well only the share that the settings ask for is told, by their traces", () => {
  const { bus, lines } = createLog("info", { successSampleRatio: 0.25 });
  const traces = ["00000000", "3ffffffe", "3fffffff", "ffffffff"].map((end) => end.padStart(32, "0"));
  for (const traceId of traces) {
    bus.emit("request_finished", { ...request, traceId });
  }
  expect(lines.parsed).toMatchObject([
    { trace_id: traces[0], sample_ratio: 0.25 },
    { trace_id: traces[1], sample_ratio: 0.25 },
  ]);
});

test("with equal shares for both, the requests whose traces are recorded are those that have a line", () => {
  const hex = fc.string({ unit: fc.constantFrom(...Array.from("0123456789abcdef")), minLength: 32, maxLength: 32 });
  fc.assert(
    fc.property(hex, fc.double({ min: 0, max: 1, noNaN: true }), (traceId, ratio) => {
      const { bus, lines } = createLog("info", { successSampleRatio: ratio });
      bus.emit("request_finished", { ...request, traceId });
      const trace = { ...request.trace, traceId, sampled: null };
      const isRecorded = isSampled({ ratio, followsCaller: true }, trace, request.route);
      expect(lines.parsed).toHaveLength(isRecorded ? 1 : 0);
    }),
  );
});

test("a request that failed is told, whatever share of the others is", () => {
  const { bus, lines } = createLog("info", { successSampleRatio: 0 });
  bus.emit("request_finished", { ...request, traceId: "f".repeat(32) });
  bus.emit("request_finished", { ...request, traceId: "f".repeat(32), statusCode: 400, code: "invalid_request" });
  expect(lines.parsed).toMatchObject([{ status: 400 }]);
  expect(lines.parsed[0]).not.toHaveProperty("sample_ratio");
});

test("a channel or medium that is not in the settings is told as other: a client may have put anything there", () => {
  const { bus, lines } = createLog();
  bus.emit("request_finished", { ...request, channel: "what I said", media: "what I meant" });
  bus.emit("request_finished", { ...request, channel: null, media: null });
  expect(lines.parsed).toMatchObject([
    { channel: "other", media: "other" },
    { channel: null, media: null },
  ]);
});

function createLog(
  level: "info" | "debug" = "info",
  changes: Partial<Config["log"]> = {},
): { bus: EventBus; lines: LogLines } {
  const lines = new LogLines();
  const bus = new EventBus((_, error) => {
    throw error;
  });
  const { config } = loadConfig({});
  const logger = createLogger({ onLinesLost: () => {}, level: () => level, version: "1.2.3", destination: lines });
  logEvents(bus, logger, () => ({ ...config, log: { ...config.log, ...changes } }));
  return { bus, lines };
}
