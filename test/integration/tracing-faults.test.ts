import { expect, onTestFinished, test } from "vitest";
import { OtlpSink } from "../helpers/otlp-sink.ts";
import { ServiceProcess, type ServiceProcessOptions } from "../helpers/service-process.ts";

// What becomes of requests, and of the service's end, when the collector is not there or not as expected.

const sampled = { traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" };

async function start(
  environment: Record<string, string>,
  options: ServiceProcessOptions = {},
): Promise<ServiceProcess> {
  const service = await ServiceProcess.ready({
    ...options,
    environment: { OTEL_BSP_SCHEDULE_DELAY: "20", ...environment },
  });
  onTestFinished(() => service[Symbol.asyncDispose]());
  return service;
}

async function startSink(): Promise<OtlpSink> {
  const sink = await OtlpSink.start();
  onTestFinished(() => sink[Symbol.asyncDispose]());
  return sink;
}

async function probe(service: ServiceProcess, times = 1): Promise<void> {
  for (let time = 0; time < times; time++) {
    expect((await fetch(`${service.url}/livez`, { headers: sampled })).status).toBe(200);
  }
}

test("a collector that is not there loses spans and nothing else, and the losses are counted and told", async () => {
  const service = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9", OTEL_EXPORTER_OTLP_TIMEOUT: "100" });
  await probe(service, 3);
  await service.metricReaches("trace_spans_dropped_total", (value) => value >= 3);
  const line = await service.logged(({ event }) => event === "spans_lost");
  expect(line).toMatchObject({ level: "warn", reason: "export_failed" });
  expect((await service.classify(["Bonjour."])).status).toBe(200);
  service.child.kill("SIGTERM");
  expect(await service.exited).toEqual({ exitCode: 0, signal: null });
});

test("a collector that never answers holds a bounded number of spans, and the end of the service no longer than its share", async () => {
  const sink = await startSink();
  sink.status = null;
  const limits = { OTEL_BSP_MAX_QUEUE_SIZE: "5", OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "5" };
  const service = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, ...limits });
  await probe(service, 30);
  await service.metricReaches("trace_spans_dropped_total", (value) => value >= 1);
  service.child.kill("SIGTERM");
  expect(await service.exited).toEqual({ exitCode: 0, signal: null });
  expect(service.log.find(({ event, reason }) => event === "spans_lost" && reason === "shutdown")).toBeDefined();
});

test("what a collector refuses is lost and counted", async () => {
  const sink = await startSink();
  sink.status = 400;
  const service = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: sink.url });
  await probe(service);
  await service.metricReaches("trace_spans_dropped_total", (value) => value === 1);
  expect(await service.logged(({ event }) => event === "spans_lost")).toMatchObject({ reason: "export_failed" });
});

test("the last spans are exported before the service ends", async () => {
  const sink = await startSink();
  const service = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, OTEL_BSP_SCHEDULE_DELAY: "600000" });
  await probe(service, 2);
  expect(sink.spans).toEqual([]);
  service.child.kill("SIGTERM");
  expect(await service.exited).toEqual({ exitCode: 0, signal: null });
  expect(sink.spans.map(({ name }) => name)).toEqual(["GET /livez", "GET /livez"]);
});

test("a sampler that takes no trace exports none, whatever callers say", async () => {
  const sink = await startSink();
  const service = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, OTEL_TRACES_SAMPLER: "always_off" });
  const response = await fetch(`${service.url}/livez`, { headers: sampled });
  expect(response.headers.get("traceparent")).toMatch(/-00$/);
  service.child.kill("SIGTERM");
  await service.exited;
  expect(sink.spans).toEqual([]);
});

test("a protocol that the service does not have is warned of, and nothing is exported", async () => {
  const sink = await startSink();
  const service = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" });
  expect(await service.logged(({ event }) => event === "tracing_warned")).toMatchObject({
    level: "warn",
    warning: expect.stringContaining("OTEL_EXPORTER_OTLP_PROTOCOL"),
  });
  await probe(service);
  service.child.kill("SIGTERM");
  await service.exited;
  expect(sink.headers).toEqual([]);
});
