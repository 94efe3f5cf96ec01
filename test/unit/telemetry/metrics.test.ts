import { expect, test } from "vitest";
import { loadConfig } from "../../../src/config/load-config.ts";
import { EventBus } from "../../../src/events.ts";
import type { MeasuredHealth, MeasuredModel } from "../../../src/telemetry/gauge-readers.ts";
import { metricTable } from "../../../src/telemetry/metric-table.ts";
import { Metrics, type MetricsOptions } from "../../../src/telemetry/metrics.ts";
import { finishedRequest as request } from "../../helpers/finished-request.ts";
import { requestIds } from "../../helpers/request-ids.ts";

const small: MeasuredModel = {
  identity: { name: "small", version: "1.0.0", digest: "sha256:00" },
  device: "cpu",
  precision: "int8",
  deviceTiming: { kind: "plausible", peakShare: 0.25 },
  queueDepth: 3,
  task: "text-classification",
  oldestWaitMs: 250,
  processes: { active: 2, spare: 1, starting: 0, fallback: 1 },
  hasFallenBack: true,
  devicesSetAside: ["GPU-a"],
  state: () => "ready",
};

const expiry = "api_key_next_expiry_timestamp_seconds";

test("every metric of the table is there from the start, and on top only prom-client's defaults", async () => {
  const { text } = createMetrics();
  const names = [...(await text()).matchAll(/^# TYPE (\S+) (\S+)$/gm)].map((match) => `${match[1]} ${match[2]}`);
  const own = Object.values(metricTable).map(({ name, type }) => `${name} ${type}`);
  expect(names.filter((name) => !/^(process|nodejs)_/.test(name)).toSorted()).toEqual(own.toSorted());
  expect(names).toContain("process_resident_memory_bytes gauge");
  expect(names).toContain("nodejs_eventloop_lag_seconds gauge");
});

test("the service and its models are described as they are now", async () => {
  const models = [small];
  const { samples } = createMetrics({ models: () => models });
  const name = loadConfig({}).config.classify.model;
  expect(await samples("app_info")).toEqual([`app_info{version="1.2.3",model="${name}",environment="development"} 1`]);
  expect(await samples("model_info")).toEqual([infoOfSmall("1.0.0")]);
  models[0] = { ...small, identity: { ...small.identity, version: "2.0.0" } };
  expect(await samples("model_info")).toEqual([infoOfSmall("2.0.0")]);
});

test("requests in flight and queues are asked when metrics are read", async () => {
  let active = 2;
  const { samples } = createMetrics({ activeRequests: () => active });
  expect(await samples("active_inference_requests")).toEqual(["active_inference_requests 2"]);
  active = 0;
  expect(await samples("active_inference_requests")).toEqual(["active_inference_requests 0"]);
  expect(await samples("inference_queue_depth")).toEqual(['inference_queue_depth{model_name="small"} 3']);
  expect(await samples("inference_queue_oldest_seconds")).toEqual([
    'inference_queue_oldest_seconds{model_name="small",task="text-classification"} 0.25',
  ]);
});

test("a model that fell back is told until it is another one", async () => {
  const models = [small];
  const { samples } = createMetrics({ models: () => models });
  expect(await samples("execution_provider_fallen_back")).toEqual([
    'execution_provider_fallen_back{model_name="small"} 1',
  ]);
  models[0] = { ...small, hasFallenBack: false };
  expect(await samples("execution_provider_fallen_back")).toEqual([
    'execution_provider_fallen_back{model_name="small"} 0',
  ]);
});

test("a device's share of its peak is shown where a run was long enough to tell, and nowhere else", async () => {
  const models = [small];
  const { samples } = createMetrics({ models: () => models });
  expect(await samples("model_device_peak_ratio")).toEqual(['model_device_peak_ratio{model_name="small"} 0.25']);
  models[0] = { ...small, deviceTiming: { kind: "short", peakShare: 0.001 } };
  expect(await samples("model_device_peak_ratio")).toEqual([]);
  models[0] = { ...small, deviceTiming: null };
  expect(await samples("model_device_peak_ratio")).toEqual([]);
});

test("a model's state and its processes are shown", async () => {
  const { samples } = createMetrics();
  expect(await samples("model_state")).toEqual([
    'model_state{model_name="small",state="loading"} 0',
    'model_state{model_name="small",state="ready"} 1',
    'model_state{model_name="small",state="circuit_open"} 0',
    'model_state{model_name="small",state="stopped"} 0',
  ]);
  expect(await samples("inference_processes")).toEqual([
    'inference_processes{model_name="small",role="active"} 2',
    'inference_processes{model_name="small",role="spare"} 1',
    'inference_processes{model_name="small",role="starting"} 0',
    'inference_processes{model_name="small",role="fallback"} 1',
  ]);
  expect(await samples("inference_devices_set_aside")).toEqual(['inference_devices_set_aside{model_name="small"} 1']);
});

test("uploads under way and the disk that they take are shown", async () => {
  const { samples } = createMetrics();
  expect(await samples("audio_uploads_open")).toEqual(["audio_uploads_open 2"]);
  expect(await samples("audio_spool_bytes")).toEqual(["audio_spool_bytes 4096"]);
});

test("the next expiry of a key is shown in seconds, and nothing when none expires", async () => {
  const { samples } = createMetrics({ nextKeyExpiry: () => 2_000_500 });
  expect(await samples(expiry)).toEqual([`${expiry} 2000.5`]);
  expect(await createMetrics({ nextKeyExpiry: () => null }).samples(expiry)).toEqual([]);
});

test("changes of the configuration, errors of our own, failed subscribers and lost log lines are counted", async () => {
  const { bus, samples } = createMetrics();
  bus.emit("config_reloaded", { changed: [] });
  bus.emit("config_rejected", { problems: [] });
  bus.emit("error_occurred", { where: "http", error: new Error("x") });
  bus.emit("subscriber_failed", { event: "request_finished" });
  bus.emit("log_lines_lost", { lines: 12 });
  expect(await samples("config_reloads_total")).toEqual([
    'config_reloads_total{status="success"} 1',
    'config_reloads_total{status="error"} 1',
  ]);
  expect(await samples("internal_errors_total")).toEqual(['internal_errors_total{where="http"} 1']);
  expect(await samples("event_subscriber_failures_total")).toEqual([
    'event_subscriber_failures_total{event="request_finished"} 1',
  ]);
  expect(await samples("log_lines_lost_total")).toEqual(["log_lines_lost_total 12"]);
});

test("a gauge that cannot be read costs itself only, and is counted", async () => {
  const { text, samples } = createMetrics({
    models: () => {
      throw new Error("no models");
    },
  });
  expect(await samples("inference_queue_depth")).toEqual([]);
  expect(await text()).toMatch(/metric_read_failures_total\{metric="inference_queue_depth"\} [1-9]/);
  expect(await samples("active_inference_requests")).toEqual(["active_inference_requests 0"]);
});

test.each([
  [200, "success"],
  [400, "error"],
  [499, "error"],
  [503, "error"],
])("a task request that ended with %i counts once, as %s", async (statusCode, status) => {
  const { bus, samples } = createMetrics();
  bus.emit("request_finished", { ...request, statusCode });
  expect(await samples("inference_requests_total")).toEqual([
    `inference_requests_total{channel="web",media="text",status="${status}"} 1`,
  ]);
});

test("channels and media outside the list count as other, absent ones as none, and the list may be reloaded", async () => {
  let config = loadConfig({ SERVICE__TELEMETRY__CHANNELS: "web", SERVICE__TELEMETRY__MEDIA: "text" }).config;
  const { bus, samples } = createMetrics({ config: () => config });
  for (const channel of ["kiosk", "x".repeat(1_000), "web ", "__proto__"]) {
    bus.emit("request_finished", { ...request, channel, media: null });
  }
  config = loadConfig({ SERVICE__TELEMETRY__CHANNELS: "kiosk" }).config;
  bus.emit("request_finished", { ...request, channel: "kiosk", media: null });
  expect(await samples("inference_requests_total")).toEqual([
    'inference_requests_total{channel="other",media="none",status="success"} 4',
    'inference_requests_total{channel="kiosk",media="none",status="success"} 1',
  ]);
});

test("errors of task requests are counted by code", async () => {
  const { bus, samples } = createMetrics();
  bus.emit("request_finished", { ...request, statusCode: 503, code: "overloaded", steps: null });
  bus.emit("request_finished", { ...request, statusCode: 503, code: "overloaded", steps: null });
  bus.emit("request_finished", { ...request, statusCode: 400, code: "invalid_request", steps: null });
  expect(await samples("inference_errors_total")).toEqual([
    'inference_errors_total{code="invalid_request"} 1',
    'inference_errors_total{code="overloaded"} 2',
  ]);
});

test("refusals by a rate limit are counted by their reason, on every route", async () => {
  const { bus, samples } = createMetrics();
  const refused = { ...request, statusCode: 429, code: "rate_limit_exceeded", steps: null } as const;
  bus.emit("request_finished", { ...refused, facts: { limit: "client" } });
  bus.emit("request_finished", { ...refused, facts: { limit: "client" } });
  bus.emit("request_finished", { ...refused, isTask: false, facts: { limit: "unknown_path" } });
  expect(await samples("rate_limit_rejections_total")).toEqual([
    'rate_limit_rejections_total{reason="client"} 2',
    'rate_limit_rejections_total{reason="unknown_path"} 1',
  ]);
});

test("the store of rate limits is shared or not, and its losses are counted", async () => {
  const { bus, samples } = createMetrics();
  expect(await samples("rate_limit_store_shared")).toEqual(["rate_limit_store_shared 0"]);
  bus.emit("rate_limit_store_changed", { isShared: true, reason: null });
  expect(await samples("rate_limit_store_shared")).toEqual(["rate_limit_store_shared 1"]);
  bus.emit("rate_limit_store_changed", { isShared: false, reason: "timeout" });
  expect(await samples("rate_limit_store_shared")).toEqual(["rate_limit_store_shared 0"]);
  expect(await samples("rate_limit_store_losses_total")).toEqual(["rate_limit_store_losses_total 1"]);
});

test("of each bundle of secrets the version in force is shown, and rotations that failed are counted", async () => {
  const { bus, samples } = createMetrics();
  bus.emit("secret_version_changed", { bundle: "redis", version: 1, writtenAt: 1000 });
  bus.emit("secret_version_changed", { bundle: "api_keys", version: 1, writtenAt: 1000 });
  bus.emit("secret_version_changed", { bundle: "redis", version: 2, writtenAt: 2000 });
  expect((await samples("secret_version_info")).toSorted()).toEqual([
    'secret_version_info{bundle="api_keys",version="1"} 1',
    'secret_version_info{bundle="redis",version="2"} 1',
  ]);
  expect((await samples("secret_version_timestamp_seconds")).toSorted()).toEqual([
    'secret_version_timestamp_seconds{bundle="api_keys"} 1',
    'secret_version_timestamp_seconds{bundle="redis"} 2',
  ]);
  bus.emit("secret_rotation_failed", { bundle: "redis", reason: "invalid" });
  expect(await samples("secret_rotation_failures_total")).toEqual([
    'secret_rotation_failures_total{bundle="redis",reason="invalid"} 1',
  ]);
});

test("durations are observed in seconds, by model", async () => {
  const { bus, samples } = createMetrics();
  bus.emit("request_finished", request);
  bus.emit("request_finished", { ...request, model: "invented by a client" });
  bus.emit("request_finished", { ...request, steps: null });
  const durations = (await samples("inference_duration_seconds")).filter((line) => !line.includes("_bucket"));
  expect(durations).toEqual([
    'inference_duration_seconds_sum{model_name="small"} 0.008',
    'inference_duration_seconds_count{model_name="small"} 1',
    'inference_duration_seconds_sum{model_name="other"} 0.008',
    'inference_duration_seconds_count{model_name="other"} 1',
  ]);
  expect(await samples("inference_queue_duration_seconds")).toContain(
    'inference_queue_duration_seconds_sum{model_name="small"} 0.004',
  );
});

test("every request of every route is timed, and only those of task routes count as inference", async () => {
  const { bus, samples } = createMetrics();
  bus.emit("request_finished", { ...request, route: "/livez", method: "GET", isTask: false, code: "not_found" });
  expect(await samples("http_server_request_duration_seconds")).toContain(
    'http_server_request_duration_seconds_sum{method="GET",route="/livez",status_code="200"} 0.02',
  );
  expect(await samples("inference_requests_total")).toEqual([]);
  expect(await samples("inference_errors_total")).toEqual([]);
  expect(await samples("inference_duration_seconds")).toEqual([]);
});

test("scores, batches and restarts are counted as they happen", async () => {
  const { bus, samples } = createMetrics();
  const scores = [
    { label: "non_toxic", score: 0.25 },
    { label: "toxic", score: 0.75 },
  ];
  bus.emit("text_classified", { model: "small", scores });
  bus.emit("batch_completed", { model: "small", windows: 3, length: 9, paddedLength: 12, inferenceMs: 1 });
  const exit = { model: "small", pid: 1, wasReady: true, exitCode: null, signal: null, killMs: null, detail: null };
  bus.emit("process_exited", { ...exit, modelId: "1", reason: "crashed" });
  bus.emit("process_exited", { ...exit, modelId: "1", reason: "stopped" });
  bus.emit("text_worker_restarted", { model: "small", reason: "time_limit" });
  bus.emit("audio_process_crashed", { ...requestIds(), pid: 1, exitCode: null, signal: "SIGSEGV", isReplaced: true });
  expect(await samples("toxicity_prediction_scores")).toEqual(
    expect.arrayContaining([
      'toxicity_prediction_scores_bucket{le="0.7",label="toxic"} 0',
      'toxicity_prediction_scores_bucket{le="0.8",label="toxic"} 1',
      'toxicity_prediction_scores_sum{label="non_toxic"} 0.25',
    ]),
  );
  expect(await samples("inference_batch_size")).toEqual(
    expect.arrayContaining([
      'inference_batch_size_bucket{le="2",model_name="small"} 0',
      'inference_batch_size_bucket{le="4",model_name="small"} 1',
    ]),
  );
  expect(await samples("inference_process_restarts_total")).toEqual([
    'inference_process_restarts_total{model_name="small",reason="crashed"} 1',
  ]);
  expect(await samples("audio_process_crashes_total")).toEqual(["audio_process_crashes_total 1"]);
  expect(await samples("text_worker_restarts_total")).toEqual([
    'text_worker_restarts_total{model_name="small",reason="time_limit"} 1',
  ]);
});

test("memory is shown for the process that is worst off, and nothing where nothing is known", async () => {
  const known = { bytes: 300, limitBytes: 1000, bytesPerSecond: 5, gpuBytes: null, forecast: { seconds: 140 } };
  const urgent = { bytes: 200, limitBytes: 1000, bytesPerSecond: 20, gpuBytes: 50, forecast: { seconds: 40 } };
  const fresh = { bytes: 100, limitBytes: 2000, bytesPerSecond: null, gpuBytes: null, forecast: null };
  const { samples } = createMetrics({
    memory: () => ({
      models: [
        { model: "small", processes: [known, urgent], isStopped: true },
        { model: "new", processes: [fresh], isStopped: false },
        { model: "none", processes: [], isStopped: false },
      ],
      cgroup: { usedBytes: 700, limitBytes: 4000 },
    }),
  });
  const shown = async (name: string): Promise<string[]> =>
    (await samples(name)).map((line) => line.replace(/^.*model_name="(\w+)".*\} /, "$1 "));
  expect(await shown("inference_process_memory_bytes")).toEqual(["small 300", "new 100"]);
  expect(await shown("inference_process_memory_limit_bytes")).toEqual(["small 1000", "new 2000"]);
  expect(await shown("inference_process_gpu_memory_bytes")).toEqual(["small 50"]);
  expect(await shown("inference_process_memory_growth_bytes_per_second")).toEqual(["small 20"]);
  expect(await shown("inference_process_memory_exhaustion_seconds")).toEqual(["small 40"]);
  expect(await shown("memory_watch_circuit_open")).toEqual(["small 1", "new 0", "none 0"]);
  expect(await samples("cgroup_memory_used_bytes")).toEqual(["cgroup_memory_used_bytes 700"]);
  expect(await samples("cgroup_memory_limit_bytes")).toEqual(["cgroup_memory_limit_bytes 4000"]);
});

test("replacements are counted by what ran short and how they ended; they are no restarts", async () => {
  const { bus, samples } = createMetrics();
  bus.emit("process_replaced", { model: "small", pid: 7, reason: "cgroup", outcome: "replaced", durationMs: 900 });
  const exit = { wasReady: true, exitCode: 0, signal: null, killMs: null, detail: null };
  bus.emit("process_exited", { model: "small", modelId: "1", pid: 7, reason: "replaced", ...exit });
  expect(await samples("inference_process_replacements_total")).toEqual([
    'inference_process_replacements_total{model_name="small",reason="cgroup",outcome="replaced"} 1',
  ]);
  expect(await samples("inference_process_restarts_total")).toEqual([]);
  expect(await samples("cgroup_memory_limit_bytes")).toEqual([]);
});

test("transcribed audio is counted in seconds, with how long it took for its length", async () => {
  const { bus, samples } = createMetrics();
  const audio = { ...requestIds(), model: "whisper", speechMs: 9_000, windows: 1 };
  bus.emit("audio_processed", { ...audio, audioMs: 12_500, processingMs: 1_250 });
  bus.emit("audio_processed", { ...audio, audioMs: 0, processingMs: 5 });
  expect(await samples("audio_processed_seconds_total")).toEqual([
    'audio_processed_seconds_total{model_name="whisper"} 12.5',
  ]);
  expect(await samples("transcription_realtime_factor")).toEqual(
    expect.arrayContaining([
      'transcription_realtime_factor_bucket{le="0.05",model_name="whisper"} 0',
      'transcription_realtime_factor_bucket{le="0.1",model_name="whisper"} 1',
      'transcription_realtime_factor_count{model_name="whisper"} 1',
    ]),
  );
});

const knownHealth: MeasuredHealth = {
  isReady: false,
  checks: [
    { name: "spool", status: "ok" },
    { name: "model:small", status: "fail" },
  ],
  eventLoopDelayMs: 12.5,
  spoolFreeBytes: 4096,
  host: { totalBytes: 2048, availableBytes: 1024 },
  gpus: [
    { index: 0, memoryUsedBytes: 1, memoryTotalBytes: 2, utilization: 0.5, temperatureCelsius: 40 },
    { index: 1, memoryUsedBytes: null, memoryTotalBytes: 4, utilization: null, temperatureCelsius: null },
  ],
};

test("health is shown by check, and facts about the machine as far as they are known", async () => {
  const { bus, samples } = createMetrics();
  bus.emit("canary_finished", { model: "small", result: "mismatch", ms: 12 });
  bus.emit("collector_failed", { collector: "gpu", problem: "no answer", isNews: false });
  expect(await samples("service_ready")).toEqual(["service_ready 0"]);
  expect(await samples("health_check_status")).toEqual([
    'health_check_status{check="spool"} 1',
    'health_check_status{check="model:small"} 0',
  ]);
  expect(await samples("model_canary_total")).toEqual(['model_canary_total{model_name="small",result="mismatch"} 1']);
  expect(await samples("collector_failures_total")).toEqual(['collector_failures_total{collector="gpu"} 1']);
  expect(await samples("event_loop_delay_seconds")).toEqual(["event_loop_delay_seconds 0.0125"]);
  expect(await samples("audio_spool_free_bytes")).toEqual(["audio_spool_free_bytes 4096"]);
  expect(await samples("host_memory_total_bytes")).toEqual(["host_memory_total_bytes 2048"]);
  expect(await samples("host_memory_available_bytes")).toEqual(["host_memory_available_bytes 1024"]);
  expect(await samples("gpu_memory_used_bytes")).toEqual(['gpu_memory_used_bytes{gpu="0"} 1']);
  expect(await samples("gpu_memory_total_bytes")).toEqual([
    'gpu_memory_total_bytes{gpu="0"} 2',
    'gpu_memory_total_bytes{gpu="1"} 4',
  ]);
  expect(await samples("gpu_utilization_ratio")).toEqual(['gpu_utilization_ratio{gpu="0"} 0.5']);
  expect(await samples("gpu_temperature_celsius")).toEqual(['gpu_temperature_celsius{gpu="0"} 40']);
});

test("what a model's processes or a bundle's rotations may come to is counted from 0, before it happens first", async () => {
  const { bus, text } = createMetrics();
  bus.emit("process_started", { model: "small", pid: 1, role: "active" });
  bus.emit("secret_version_changed", { bundle: "redis", version: 1, writtenAt: 0 });
  const lines = (await text()).split("\n");
  expect(lines).toContain('inference_process_restarts_total{model_name="small",reason="crashed"} 0');
  expect(lines).toContain('text_worker_restarts_total{model_name="small",reason="time_limit"} 0');
  expect(lines).toContain('model_canary_total{model_name="small",result="mismatch"} 0');
  expect(lines).toContain('secret_rotation_failures_total{bundle="redis",reason="missing"} 0');
});

function infoOfSmall(version: string): string {
  return `model_info{name="small",version="${version}",digest="sha256:00",device="cpu",precision="int8"} 1`;
}

function createMetrics(
  changes: Partial<Pick<MetricsOptions, "config" | "models" | "activeRequests" | "memory" | "nextKeyExpiry">> = {},
) {
  const bus = new EventBus((_, error) => {
    throw error;
  });
  const { config } = loadConfig({});
  const metrics = new Metrics({
    config: () => config,
    models: () => [small],
    activeRequests: () => 0,
    uploads: () => ({ uploads: 2, bytes: 4096 }),
    memory: () => ({ models: [], cgroup: null }),
    nextKeyExpiry: () => null,
    health: () => knownHealth,
    ...changes,
    events: bus,
    version: "1.2.3",
  });
  const text = () => metrics.text();
  /** The lines of one metric, without its help and its type, and without what a counter has never counted. */
  const samples = async (name: string): Promise<string[]> =>
    (await text())
      .split("\n")
      .filter((line) => new RegExp(`^${name}(_bucket|_sum|_count)?[{ ]`).test(line))
      .filter((line) => !name.endsWith("_total") || !line.endsWith(" 0"));
  return { bus, text, samples };
}
