import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { OtlpSink, type ReceivedSpan } from "../helpers/otlp-sink.ts";
import { ServiceProcess } from "../helpers/service-process.ts";

const clip = readFileSync(resolve(import.meta.dirname, "../fixtures/audio/speech/something-terribly-wrong.wav"));

const callerSpan = "00f067aa0ba902b7";
let traces = 0;
/** A trace id that no other test uses. */
const newTraceId = (): string => (0xabcd_0000 + traces++).toString(16).padStart(32, "1");

let sink: OtlpSink;
let service: ServiceProcess;
beforeAll(async () => {
  sink = await OtlpSink.start();
  service = await ServiceProcess.ready({
    hears: true,
    environment: {
      OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
      OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20not-to-be-seen",
      OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
      OTEL_BSP_SCHEDULE_DELAY: "50",
      OTEL_SERVICE_NAME: "moderation",
      OTEL_RESOURCE_ATTRIBUTES: "team=trust%20and%20safety,deployment.environment.name=test",
    },
  });
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await sink[Symbol.asyncDispose]();
});

function classify(headers: Record<string, string>, extraParams: Record<string, string> = {}): Promise<Response> {
  return fetch(`${service.url}/v1/classify`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ inputs: { classificationInputs: ["Bonjour à tous.", "Ferme-la."] }, extraParams }),
  });
}

function serverSpan(spans: readonly ReceivedSpan[]): ReceivedSpan {
  const [server, ...others] = spans.filter(({ kind }) => kind === "SPAN_KIND_SERVER");
  expect(others).toEqual([]);
  if (server === undefined) {
    throw new Error("no server span");
  }
  return server;
}

function only(spans: readonly ReceivedSpan[], name: string): ReceivedSpan {
  const [span, ...others] = spans.filter((each) => each.name === name);
  expect(others).toEqual([]);
  if (span === undefined) {
    throw new Error(`no span ${name}`);
  }
  return span;
}

describe("a classification", () => {
  test("is a server span below its caller's, with a span for each stage below it, nested and in order", async () => {
    const traceId = newTraceId();
    const response = await classify({ b3: `${traceId}-${callerSpan}-1` }, { channel: "chat", media: "unheard of" });
    expect(response.status).toBe(200);
    const spans = await sink.trace(traceId);
    const server = serverSpan(spans);
    expect(server).toMatchObject({
      name: "POST /v1/classify",
      parentSpanId: callerSpan,
      statusCode: "STATUS_CODE_UNSET",
      attributes: {
        "http.request.method": "POST",
        "http.route": "/v1/classify",
        "url.path": "/v1/classify",
        "url.scheme": "http",
        "http.response.status_code": 200,
        "guardrail.request.id": response.headers.get("x-request-id"),
        "guardrail.model.name": "camembert-toxicity-fr",
        "guardrail.channel": "chat",
        "guardrail.media": "other",
        "guardrail.input.length": 24,
      },
    });
    const stages = spans.filter((span) => span !== server);
    expect(stages.map(({ name }) => name).toSorted()).toEqual(["inference", "postprocess", "preprocess", "queue"]);
    const inOrder = ["preprocess", "queue", "inference", "postprocess"].map((name) => only(spans, name));
    let previousEnd = server.startNs;
    for (const { parentSpanId, startNs, endNs, kind } of inOrder) {
      expect(parentSpanId).toBe(server.spanId);
      expect(kind).toBe("SPAN_KIND_INTERNAL");
      expect(startNs).toBeGreaterThanOrEqual(previousEnd);
      expect(endNs).toBeGreaterThanOrEqual(startNs);
      previousEnd = endNs;
    }
    expect(server.endNs).toBeGreaterThanOrEqual(previousEnd);
  });

  test("shows the inference process and the batch that it ran in", async () => {
    const traceId = newTraceId();
    await classify({ b3: `${traceId}-${callerSpan}-1` });
    const inference = only(await sink.trace(traceId), "inference");
    expect(inference.attributes).toMatchObject({
      "guardrail.model.name": "camembert-toxicity-fr",
      "guardrail.model.version": expect.any(String),
      "guardrail.device": "cpu",
      "guardrail.windows": 2,
      "guardrail.length": expect.any(Number),
      "guardrail.batch.windows": 2,
      "guardrail.batch.padded_length": expect.any(Number),
      "guardrail.transfer_ms": expect.any(Number),
    });
    expect(service.inferencePids()).toContain(inference.attributes["process.pid"]);
    expect(inference.attributes["process.pid"]).not.toBe(service.child.pid);
    expect(inference.endNs).toBeGreaterThan(inference.startNs);
    expect(inference.attributes["guardrail.transfer_ms"]).toBeGreaterThan(0);
  });

  test("has times of day, and the span id of its log line and of its answer", async () => {
    const traceId = newTraceId();
    const before = BigInt(Date.now()) * 1_000_000n;
    const response = await classify({ traceparent: `00-${traceId}-${callerSpan}-01`, tracestate: "vendor=value" });
    const server = serverSpan(await sink.trace(traceId));
    const tolerance = 100_000_000n;
    expect(server.startNs).toBeGreaterThan(before - tolerance);
    expect(server.endNs).toBeLessThan(BigInt(Date.now()) * 1_000_000n + tolerance);
    expect(server.traceState).toBe("vendor=value");
    expect(response.headers.get("traceparent")).toBe(`00-${traceId}-${server.spanId}-01`);
    expect(response.headers.get("tracestate")).toBe("vendor=value");
    expect(response.headers.get("b3")).toBe(`${traceId}-${server.spanId}-1-${callerSpan}`);
    const line = await service.logged((each) => each.event === "request_finished" && each["trace_id"] === traceId);
    expect(line).toMatchObject({ span_id: server.spanId, parent_span_id: callerSpan });
  });

  test("begins a trace where nobody has, and has no parent there", async () => {
    const response = await classify({});
    const [, traceId = "", spanId] = /^00-(\w+)-(\w+)-01$/.exec(response.headers.get("traceparent") ?? "") ?? [];
    expect(serverSpan(await sink.trace(traceId))).toMatchObject({ spanId, parentSpanId: "" });
  });

  test("joins the trace that its body names", async () => {
    const traceId = newTraceId();
    await classify({}, { "X-B3-TraceId": traceId.slice(16), "X-B3-SpanId": callerSpan });
    const padded = traceId.slice(16).padStart(32, "0");
    expect(serverSpan(await sink.trace(padded))).toMatchObject({ parentSpanId: callerSpan });
  });

  test("that its caller does not record is not exported; one that it debugs is", async () => {
    const [unsampled, denied, debugged] = [newTraceId(), newTraceId(), newTraceId()];
    await classify({ b3: `${unsampled}-${callerSpan}-0` });
    const response = await classify({ b3: "0", "x-b3-traceid": denied, "x-b3-spanid": callerSpan });
    expect(response.headers.get("b3")).toMatch(/^[0-9a-f]{32}-[0-9a-f]{16}-0$/);
    const deniedId = response.headers.get("b3")?.slice(0, 32);
    const debugResponse = await classify({ b3: `${debugged}-${callerSpan}-d` });
    expect(debugResponse.headers.get("b3")).toMatch(/-d-/);
    await sink.trace(debugged);
    expect(sink.spans.filter(({ traceId }) => [unsampled, denied, deniedId].includes(traceId))).toEqual([]);
  });

  test("that fails says why, and that it is an error only when it is ours", async () => {
    const [bad, late] = [newTraceId(), newTraceId()];
    const body = JSON.stringify({ inputs: { classificationInputs: [] } });
    const headers = { "content-type": "application/json", traceparent: `00-${bad}-${callerSpan}-01` };
    await fetch(`${service.url}/v1/classify`, { method: "POST", headers, body });
    const refused = serverSpan(await sink.trace(bad));
    expect(refused).toMatchObject({
      statusCode: "STATUS_CODE_UNSET",
      attributes: { "http.response.status_code": 400, "guardrail.error.code": "invalid_request" },
    });
    expect(refused.attributes).not.toHaveProperty("error.type");

    const texts = Array.from({ length: 32 }, (_, index) => `${index} `.repeat(3_000));
    const response = await fetch(`${service.url}/v1/classify`, {
      method: "POST",
      headers: { ...headers, "x-request-timeout-ms": "1000", traceparent: `00-${late}-${callerSpan}-01` },
      body: JSON.stringify({ inputs: { classificationInputs: texts } }),
    });
    expect(response.status).toBe(504);
    const spans = await sink.trace(late);
    expect(serverSpan(spans)).toMatchObject({
      statusCode: "STATUS_CODE_ERROR",
      attributes: { "http.response.status_code": 504, "error.type": "deadline_exceeded" },
    });
    expect(spans.some(({ attributes }) => attributes["guardrail.unfinished"] === true)).toBe(true);
  });
});

test("requests of one batch are linked to each other", async () => {
  let linked: ReceivedSpan[] = [];
  const servers = new Map<string, string>();
  // While the one instance runs the first of them, the others wait, unless they arrive very slowly.
  while (linked.length === 0) {
    const ids = Array.from({ length: 12 }, newTraceId);
    await Promise.all(ids.map((traceId) => classify({ b3: `${traceId}-${callerSpan}-1` })));
    const all = await Promise.all(ids.map((traceId) => sink.trace(traceId)));
    for (const { spanId, traceId } of all.map(serverSpan)) {
      servers.set(spanId, traceId);
    }
    linked = all.flat().filter(({ links }) => links.length > 0);
  }
  for (const { name, traceId, links } of linked) {
    expect(name).toBe("inference");
    for (const link of links) {
      expect(servers.get(link.spanId)).toBe(link.traceId);
      expect(link.traceId).not.toBe(traceId);
    }
  }
});

test("a transcription shows its decoding and each of its windows", async () => {
  const traceId = newTraceId();
  const response = await fetch(`${service.url}/v1/transcribe?language=en&moderate=true`, {
    method: "POST",
    headers: { "content-type": "audio/wav", b3: `${traceId}-${callerSpan}-1` },
    body: clip,
  });
  expect(response.status).toBe(200);
  const spans = await sink.trace(traceId);
  const server = serverSpan(spans);
  const decoding = spans.find(({ attributes }) => "guardrail.audio.decode_ms" in attributes);
  expect(decoding).toMatchObject({ name: "preprocess", parentSpanId: server.spanId });
  expect(decoding?.attributes["guardrail.audio.duration_ms"]).toBeGreaterThan(0);
  const models = spans
    .filter(({ name }) => name === "inference")
    .map((each) => each.attributes["guardrail.model.name"]);
  expect(new Set(models)).toEqual(new Set(["whisper-base", "camembert-toxicity-fr"]));
  const stages = spans.filter((span) => span !== server);
  expect(new Set(stages.map(({ name }) => name))).toEqual(new Set(["preprocess", "queue", "inference", "postprocess"]));
  for (const { parentSpanId, startNs, endNs } of stages) {
    expect(parentSpanId).toBe(server.spanId);
    expect(startNs).toBeGreaterThanOrEqual(server.startNs);
    expect(endNs).toBeLessThanOrEqual(server.endNs);
  }
  const line = await service.logged((each) => each.event === "audio_processed");
  expect(line).toMatchObject({ trace_id: traceId, span_id: server.spanId });
  // Neither words nor names of what was said or sent.
  expect(JSON.stringify(spans.map(({ attributes }) => attributes))).not.toMatch(/terribly|wrong/i);
});

test("the resource says which service it is, and exports carry the headers that the operator set", async () => {
  const traceId = newTraceId();
  await classify({ b3: `${traceId}-${callerSpan}-1` });
  const { resource } = serverSpan(await sink.trace(traceId));
  expect(resource).toMatchObject({
    "service.name": "moderation",
    "service.version": expect.stringMatching(/^\d+\.\d+\.\d+$/),
    "process.pid": service.child.pid,
    "host.name": expect.any(String),
    "telemetry.sdk.language": "nodejs",
    "deployment.environment.name": "test",
    team: "trust and safety",
  });
  expect(sink.headers[0]).toMatchObject({
    authorization: "Bearer not-to-be-seen",
    "content-type": "application/x-protobuf",
    "content-encoding": "gzip",
  });
  expect(JSON.stringify(service.log)).not.toContain("not-to-be-seen");
});

test("probes are not recorded unless they ask for it", async () => {
  const traceId = newTraceId();
  const probe = await fetch(`${service.url}/livez`);
  expect(probe.headers.get("traceparent")).toMatch(/-00$/);
  await fetch(`${service.url}/livez`, { headers: { traceparent: `00-${traceId}-${callerSpan}-01` } });
  expect(serverSpan(await sink.trace(traceId)).name).toBe("GET /livez");
});
