import { readFileSync } from "node:fs";
import { SpanKind } from "@opentelemetry/api";
import { expect, test } from "vitest";
import { RequestTimeline } from "../../../../src/request-timeline.ts";
import {
  requestAttributes,
  stageAttributes,
  unfinishedAttribute,
} from "../../../../src/telemetry/tracing/attributes.ts";
import { describeSpans } from "../../../../src/telemetry/tracing/request-spans.ts";
import { finishedRequest } from "../../../helpers/finished-request.ts";

const telemetry = { channels: ["web"], media: ["text"] };

test("a request is a server span with its stages, as the semantic conventions name them", () => {
  const timeline = new RequestTimeline();
  timeline.begin("queue", 1_001).end(1_002, { windows: 2 });
  timeline.begin("inference", 1_003, [{ traceId: "c".repeat(32), spanId: "d".repeat(16) }]);
  const { server, stages } = describeSpans({ ...finishedRequest, timeline }, telemetry);
  expect(server).toEqual({
    name: "POST /v1/classify",
    kind: SpanKind.SERVER,
    startedAt: 1_000,
    endedAt: 1_020,
    attributes: {
      "http.request.method": "POST",
      "http.route": "/v1/classify",
      "url.path": "/v1/classify",
      "url.scheme": "http",
      "http.response.status_code": 200,
      "guardrail.request.id": "r-1",
      "guardrail.channel": "web",
      "guardrail.media": "text",
      "guardrail.model.name": "small",
      "guardrail.input.length": 42,
    },
    links: [],
    isError: false,
  });
  expect(stages).toEqual([
    expect.objectContaining({
      name: "queue",
      startedAt: 1_001,
      endedAt: 1_002,
      attributes: { "guardrail.windows": 2 },
    }),
    expect.objectContaining({
      name: "inference",
      endedAt: 1_020,
      attributes: { [unfinishedAttribute]: true },
      links: [{ traceId: "c".repeat(32), spanId: "d".repeat(16) }],
    }),
  ]);
});

test.each([
  [400, "invalid_request", false, undefined],
  [499, "client_closed_request", false, undefined],
  [500, null, true, "500"],
  [504, "deadline_exceeded", true, "deadline_exceeded"],
] as const)("status %d with code %s is an error span: %s", (statusCode, code, isError, type) => {
  const { server } = describeSpans({ ...finishedRequest, statusCode, code }, telemetry);
  expect(server.isError).toBe(isError);
  expect(server.attributes["error.type"]).toBe(type);
  expect(server.attributes["guardrail.error.code"]).toBe(code ?? undefined);
});

test("a stage that failed is an error span", () => {
  const timeline = new RequestTimeline();
  timeline.begin("inference", 1_001).end(1_002, { failure: "crashed" });
  const [stage] = describeSpans({ ...finishedRequest, timeline }, telemetry).stages;
  expect(stage).toMatchObject({ isError: true, attributes: { "error.type": "crashed" } });
});

test("stages that were left out are counted", () => {
  const timeline = new RequestTimeline();
  for (let window = 0; window < 70; window++) {
    timeline.begin("queue", 1_000).end(1_001);
  }
  const { server, stages } = describeSpans({ ...finishedRequest, timeline }, telemetry);
  expect(server.attributes["guardrail.spans.left_out"]).toBe(6);
  expect(stages).toHaveLength(64);
});

test("what clients write, but for their request id, is no name and no attribute", () => {
  const request = {
    ...finishedRequest,
    requestId: "chosen",
    clientId: "secret",
    channel: "secret",
    media: "secret",
    method: "SECRET",
  };
  const { server } = describeSpans({ ...request, facts: { text: "secret" } }, telemetry);
  expect(server).toMatchObject({
    name: "HTTP /v1/classify",
    attributes: {
      "http.request.method": "_OTHER",
      "guardrail.channel": "other",
      "guardrail.media": "other",
      "guardrail.request.id": "chosen",
    },
  });
  expect(JSON.stringify(server).toLowerCase()).not.toContain("secret");
});

test("a path that matched no route, or has parameters, is not told", () => {
  const unmatched = describeSpans({ ...finishedRequest, method: "GET", route: "unmatched" }, telemetry).server;
  expect(unmatched.name).toBe("GET");
  expect(unmatched.attributes).not.toHaveProperty("http.route");
  const model = describeSpans({ ...finishedRequest, method: "GET", route: "/v1/models/:model" }, telemetry).server;
  expect(model.name).toBe("GET /v1/models/:model");
  expect(model.attributes).not.toHaveProperty("url.path");
});

test("docs/tracing.md explains every attribute of ours", () => {
  const page = readFileSync(new URL("../../../../docs/tracing.md", import.meta.url), "utf8");
  const names = [...Object.values(requestAttributes), ...Object.values(stageAttributes), unfinishedAttribute];
  expect(names.filter((name) => !page.includes(`| \`${name}\` |`))).toEqual([]);
});
