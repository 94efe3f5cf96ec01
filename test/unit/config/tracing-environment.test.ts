import { describe, expect, it, test } from "vitest";
import { type TracingSettings, takeTracingEnvironment } from "../../../src/config/tracing-environment.ts";

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318" };

const settingsOf = (environment: Record<string, string>) => takeTracingEnvironment({ ...endpoint, ...environment });

const sentHeaders = (settings: TracingSettings | null) =>
  Object.entries(settings?.headers ?? {}).map(([name, secret]) => [name, secret.use((value) => value)]);

describe("traces are exported", () => {
  it("to the endpoint of all signals, with the path of traces, and by the specification's defaults", () => {
    expect(takeTracingEnvironment(endpoint)).toEqual({
      settings: {
        url: "http://collector:4318/v1/traces",
        headers: {},
        timeoutMs: 10_000,
        sampler: { ratio: 1, followsCaller: true },
        resource: {},
        batch: { maxQueueSize: 2_048, maxExportBatchSize: 512, scheduledDelayMs: 5_000, exportTimeoutMs: 30_000 },
      },
      warnings: [],
    });
  });

  it.each([
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "https://c.example/otlp/" }, "https://c.example/otlp/v1/traces"],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://traces/own" }, "http://traces/own"],
    [{ ...endpoint, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://traces:1/" }, "http://traces:1/"],
  ])("%j leads to %s", (environment, url) => {
    expect(takeTracingEnvironment(environment).settings?.url).toBe(url);
  });

  it("as the variables of traces say, before those of all signals", () => {
    const { settings, warnings } = settingsOf({
      OTEL_EXPORTER_OTLP_TIMEOUT: "1",
      OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: "2",
      OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: "http/protobuf",
      OTEL_EXPORTER_OTLP_HEADERS: "key=general,other=1",
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: "key=traces",
      OTEL_BSP_MAX_QUEUE_SIZE: "100",
      OTEL_BSP_SCHEDULE_DELAY: "7",
      OTEL_BSP_EXPORT_TIMEOUT: "8",
    });
    expect(warnings).toEqual([]);
    expect(settings).toMatchObject({
      timeoutMs: 2,
      batch: { maxQueueSize: 100, maxExportBatchSize: 100, scheduledDelayMs: 7, exportTimeoutMs: 8 },
    });
    expect(sentHeaders(settings)).toEqual([
      ["key", "traces"],
      ["other", "1"],
    ]);
    expect(JSON.stringify(settings)).not.toContain("general");
  });

  it("under the name and the attributes that the operator gives the service", () => {
    const resource = { OTEL_RESOURCE_ATTRIBUTES: "service.name=a, team=b%2Cc" };
    expect(settingsOf(resource).settings?.resource).toEqual({ "service.name": "a", team: "b,c" });
    const named = settingsOf({ ...resource, OTEL_SERVICE_NAME: "d" });
    expect(named.settings?.resource).toEqual({ "service.name": "d", team: "b,c" });
  });

  it.each([
    ["always_on", "", { ratio: 1, followsCaller: false }],
    ["always_off", "", { ratio: 0, followsCaller: false }],
    ["traceidratio", "0.25", { ratio: 0.25, followsCaller: false }],
    ["parentbased_always_on", "0.5", { ratio: 1, followsCaller: true }],
    ["parentbased_always_off", "", { ratio: 0, followsCaller: true }],
    ["parentbased_traceidratio", "0", { ratio: 0, followsCaller: true }],
    ["traceidratio", "", { ratio: 1, followsCaller: false }],
    ["", "", { ratio: 1, followsCaller: true }],
  ])("of those traces that the sampler %j with %j chooses", (name, argument, sampler) => {
    const read = settingsOf({ OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: argument });
    expect(read.warnings).toEqual([]);
    expect(read.settings?.sampler).toEqual(sampler);
  });
});

describe("nothing is exported", () => {
  it.each([
    {},
    { OTEL_EXPORTER_OTLP_ENDPOINT: " " },
    { OTEL_TRACES_EXPORTER: "otlp" },
    { ...endpoint, OTEL_SDK_DISABLED: "True" },
    { ...endpoint, OTEL_TRACES_EXPORTER: "none" },
  ])("with %j, and that is as it was wanted", (environment) => {
    expect(takeTracingEnvironment(environment)).toEqual({ settings: null, warnings: [] });
  });

  it.each([
    ["OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"],
    ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json"],
    ["OTEL_TRACES_EXPORTER", "jaeger"],
    ["OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"],
    ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "not a URL"],
  ])("with %s=%s, and the warning names the variable and not its value", (variable, value) => {
    const { settings, warnings } = settingsOf({ [variable]: value });
    expect(settings).toBeNull();
    expect(warnings).toEqual([expect.stringContaining(variable)]);
    expect(warnings[0]).not.toContain(value);
  });
});

test.each([
  ["OTEL_TRACES_SAMPLER", "constructor", { sampler: { ratio: 1, followsCaller: true } }],
  ["OTEL_BSP_MAX_QUEUE_SIZE", "-1", { batch: { maxQueueSize: 2_048 } }],
  ["OTEL_EXPORTER_OTLP_TIMEOUT", "soon", { timeoutMs: 10_000 }],
  ["OTEL_RESOURCE_ATTRIBUTES", "a=%E0", { resource: {} }],
])("%s=%s is warned of, and its default holds", (variable, value, expected) => {
  const { settings, warnings } = settingsOf({ [variable]: value });
  expect(settings).toMatchObject(expected);
  expect(warnings).toEqual([expect.stringContaining(variable)]);
});

test("a ratio that is none is warned of", () => {
  const { settings, warnings } = settingsOf({ OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "2" });
  expect(settings?.sampler.ratio).toBe(1);
  expect(warnings).toEqual([expect.stringContaining("OTEL_TRACES_SAMPLER_ARG")]);
});

test("headers, which hold credentials, are taken out of the process's environment", () => {
  process.env["OTEL_EXPORTER_OTLP_HEADERS"] = "key=secret";
  process.env["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = "http://collector/";
  try {
    const { settings } = takeTracingEnvironment();
    expect(sentHeaders(settings)).toEqual([["key", "secret"]]);
    expect(process.env).not.toHaveProperty("OTEL_EXPORTER_OTLP_HEADERS");
  } finally {
    delete process.env["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];
  }
});

describe.each([
  ["OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS"],
  ["OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"],
])("%s that cannot be used", (variable, other) => {
  it.each(["Authorization: Bearer abc", "key=1,Bearer abc", "key=%E0", "a key=abc", "key=abc%0Adef"])(
    "as %j is warned of by its name alone, and the other variable counts",
    (value) => {
      const { settings, warnings } = settingsOf({ [variable]: value, [other]: "key=other" });
      expect(sentHeaders(settings)).toEqual([["key", "other"]]);
      expect(warnings).toEqual([expect.stringContaining(`${variable} is no list`)]);
      expect(warnings[0]).not.toContain(value);
      expect(warnings[0]).not.toContain("abc");
    },
  );
});

test.each([
  ["", {}],
  ["a=1", { a: "1" }],
  [" a = 1 ,b=%3D,,", { a: "1", b: "=" }],
  ["a=b=c", { a: "b=c" }],
  ["a=1,a=2", { a: "1" }],
])("the pairs %j are %j", (text, pairs) => {
  const { settings, warnings } = settingsOf({ OTEL_RESOURCE_ATTRIBUTES: text });
  expect(settings?.resource).toEqual(pairs);
  expect(warnings).toEqual([]);
});

test.each(["a", "=1", "a=%"])("%j is no list of pairs", (text) => {
  const { settings, warnings } = settingsOf({ OTEL_RESOURCE_ATTRIBUTES: text });
  expect(settings?.resource).toEqual({});
  expect(warnings).toHaveLength(1);
});
