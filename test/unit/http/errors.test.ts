import { describe, expect, it } from "vitest";
import { type ErrorCode, errorCodes, ServiceError } from "../../../src/errors.ts";
import type { RequestIds } from "../../../src/events.ts";
import { fakeApp } from "../../helpers/fake-app.ts";
import { classifyBody } from "../../helpers/fake-client.ts";
import { expectError } from "../../helpers/fake-error-check.ts";

const taskPaths = ["/v1/classify", "/v1/moderations"] as const;
const getPaths = [
  "/v1/models",
  "/v1/models/any",
  "/livez",
  "/readyz",
  "/startupz",
  "/metrics",
  "/openapi.json",
  "/docs",
];
const json = { "content-type": "application/json" };

/** What no task route takes, whatever else the body should be. */
const badRequests: [
  what: string,
  code: ErrorCode,
  param: string | null,
  headers: Record<string, string>,
  payload: string | Buffer,
][] = [
  ["malformed JSON", "invalid_request", null, json, '{"inputs":'],
  ["trailing garbage", "invalid_request", null, json, "{} {}"],
  ["an array", "invalid_request", null, json, "[]"],
  ["null", "invalid_request", null, json, "null"],
  ["NaN", "invalid_request", null, json, '{"options":{"threshold":NaN}}'],
  ["no body", "invalid_request", null, json, ""],
  ["invalid UTF-8", "invalid_request", null, json, Buffer.from('{"input":"\xff"}', "latin1")],
  ["deep nesting", "invalid_request", null, json, `{"input":${"[".repeat(33)}${"]".repeat(33)}}`],
  ["__proto__", "invalid_request", null, json, '{"__proto__":{"input":"a"}}'],
  ["constructor.prototype", "invalid_request", null, json, '{"constructor":{"prototype":{}}}'],
  ["no content type", "unsupported_media_type", "Content-Type", {}, "{}"],
  ["text/plain", "unsupported_media_type", "Content-Type", { "content-type": "text/plain" }, "{}"],
  ["a form", "unsupported_media_type", "Content-Type", { "content-type": "application/x-www-form-urlencoded" }, "a=b"],
  [
    "another charset",
    "unsupported_media_type",
    "Content-Type",
    { "content-type": "application/json; charset=latin1" },
    "{}",
  ],
  ["a malformed content type", "unsupported_media_type", "Content-Type", { "content-type": "json;;=" }, "{}"],
  ["a gzip body", "unsupported_media_type", "Content-Encoding", { ...json, "content-encoding": "gzip" }, "{}"],
  ["a body that declares too much", "payload_too_large", null, { ...json, "content-length": "4194305" }, "{}"],
  ["a short limit", "invalid_request", "X-Request-Timeout-Ms", { ...json, "x-request-timeout-ms": "49" }, "{}"],
  ["a long limit", "invalid_request", "X-Request-Timeout-Ms", { ...json, "x-request-timeout-ms": "120001" }, "{}"],
  ["an odd limit", "invalid_request", "X-Request-Timeout-Ms", { ...json, "x-request-timeout-ms": "1e3" }, "{}"],
];

describe.each(taskPaths)("POST %s", (url) => {
  it.each(badRequests)("refuses %s", async (_what, code, param, headers, payload) => {
    await using fake = await fakeApp();
    expectError(await fake.app.inject({ method: "POST", url, headers, payload }), code, param);
    expect(fake.finished).toMatchObject([{ route: url, isTask: true, code }]);
    expect(fake.failures).toEqual([]);
    expect(fake.model.contexts).toEqual([]);
  });

  it.each(["application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"', "application/json;"])(
    "accepts the content type %s",
    async (contentType) => {
      await using fake = await fakeApp();
      const payload = url === "/v1/classify" ? classifyBody() : { input: "Bonjour" };
      const headers = { "content-type": contentType, "content-encoding": "identity" };
      const response = await fake.app.inject({ method: "POST", url, headers, payload: JSON.stringify(payload) });
      expect(response.statusCode).toBe(200);
    },
  );

  it.each(errorCodes.filter((code) => code !== "client_closed_request"))(
    "answers %s as it comes from below, with its parameter",
    async (code) => {
      await using fake = await fakeApp();
      const facts = { logits: ["NaN"] };
      fake.model.runWith = () => Promise.reject(new ServiceError(code, "secret", { param: "model", facts }));
      const payload = url === "/v1/classify" ? classifyBody() : { input: "Bonjour" };
      const response = await fake.app.inject({ method: "POST", url, payload });
      if (code === "internal_error") {
        expect(expectError(response, code).message).not.toContain("secret");
        expect(fake.failures).toHaveLength(1);
      } else {
        expect(expectError(response, code, "model").message).toBe("secret");
        expect(fake.finished).toMatchObject([{ code, facts }]);
        expect(fake.failures).toEqual([]);
      }
    },
  );

  it("answers 500 without detail when a stage has a bug, and reports it", async () => {
    await using fake = await fakeApp();
    const bug = new TypeError("secret is not a function");
    fake.model.prepareWith = () => Promise.reject(bug);
    const payload = url === "/v1/classify" ? classifyBody() : { input: "Bonjour" };
    expect(expectError(await fake.app.inject({ method: "POST", url, payload }), "internal_error").message).not.toMatch(
      /secret/,
    );
    expect(fake.failures).toEqual([{ where: "http", error: bug, request: idsOf(fake.finished[0]) }]);
    expect(fake.finished).toMatchObject([{ statusCode: 500, code: "internal_error" }]);
  });
});

describe("a path that is known", () => {
  it.each(taskPaths)("refuses other methods than POST: %s", async (url) => {
    await using fake = await fakeApp();
    for (const method of ["GET", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"] as const) {
      const response = await fake.app.inject({ method: method as "GET", url: `${url}?a=b` });
      expect(response.headers.allow).toBe("OPTIONS, POST");
      expectError(response, "method_not_allowed");
    }
    const head = await fake.app.inject({ method: "HEAD", url });
    expect({ status: head.statusCode, body: head.body }).toEqual({ status: 405, body: "" });
  });

  it.each(getPaths)("refuses other methods than GET, and does not read their body: %s", async (url) => {
    await using fake = await fakeApp();
    for (const method of ["POST", "PUT", "DELETE"] as const) {
      const response = await fake.app.inject({ method, url, headers: json, payload: "{" });
      expect(response.headers.allow).toBe("GET, HEAD, OPTIONS");
      expectError(response, "method_not_allowed");
    }
  });

  it.each([...taskPaths, ...getPaths])("tells its methods to OPTIONS: %s", async (url) => {
    await using fake = await fakeApp();
    const response = await fake.app.inject({ method: "OPTIONS", url });
    expect(response.statusCode).toBe(204);
    expect(response.body).toBe("");
    expect(response.headers.allow).toBe(
      taskPaths.some((path) => path === url) ? "OPTIONS, POST" : "GET, HEAD, OPTIONS",
    );
    expect(response.headers["x-request-id"]).toBe(fake.finished[0]?.requestId);
  });

  it.each(getPaths.filter((path) => path !== "/v1/models/any"))("answers HEAD like GET: %s", async (url) => {
    await using fake = await fakeApp();
    const [head, get] = [await fake.app.inject({ method: "HEAD", url }), await fake.app.inject(url)];
    expect(head.statusCode).toBe(200);
    expect(head.headers["content-length"]).toBe(get.headers["content-length"]);
    expect(head.headers["content-type"]).toBe(get.headers["content-type"]);
  });
});

describe("a path that is not known", () => {
  it.each([
    "/",
    "/v1",
    "/v1/classify/",
    "/v1//classify",
    "/V1/classify",
    "/docs/static/nope.js",
    "/docs/static/%2e%2e/%2e%2e/package.json",
  ])("is 404 for every method, OPTIONS too: %s", async (url) => {
    await using fake = await fakeApp();
    for (const method of ["GET", "OPTIONS"] as const) {
      if (!(method === "OPTIONS" && url.startsWith("/docs/static/"))) {
        const { message } = expectError(await fake.app.inject({ method, url }), "not_found");
        expect(message).not.toContain(url === "/" ? "//" : url);
      }
    }
  });

  it("is 404 for POST whatever its body", async () => {
    await using fake = await fakeApp();
    expectError(await fake.app.inject({ method: "POST", url: "/nope", headers: json, payload: "{" }), "not_found");
    expect(fake.finished).toMatchObject([{ route: "unmatched", isTask: false }]);
  });

  it.each(["/v1/models/%E0%A4%A", "/%", "/%zz"])("is 400 when it is no URL: %s", async (url) => {
    await using fake = await fakeApp();
    expectError(await fake.app.inject(url), "invalid_request");
  });
});

describe("every answer", () => {
  it("carries the client's request id when it is sane", async () => {
    await using fake = await fakeApp();
    for (const url of ["/livez", "/nope", "/docs"]) {
      const response = await fake.app.inject({ url, headers: { "x-request-id": "my-id.7_" } });
      expect(response.headers["x-request-id"]).toBe("my-id.7_");
    }
    const response = await fake.app.inject({ url: "/livez", headers: { "x-request-id": 'a"b' } });
    expect(response.headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("names the trace that its request was sent in, in the body of an error and in the log", async () => {
    await using fake = await fakeApp();
    const traceparent = "00-80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-01";
    const response = await fake.app.inject({ url: "/nope", headers: { traceparent } });
    expect(response.json<{ traceId: string }>().traceId).toBe("80f198ee56343ba864fe8b2a57d3eff7");
    const trace = expect.objectContaining({ parentSpanId: "e457b5a2e4d86bd1", sampled: true });
    expect(fake.finished).toMatchObject([{ traceId: "80f198ee56343ba864fe8b2a57d3eff7", trace }]);
  });

  it("does not say what serves it", async () => {
    await using fake = await fakeApp();
    const response = await fake.app.inject("/livez");
    expect(response.headers).not.toHaveProperty("server");
    expect(response.headers).not.toHaveProperty("x-powered-by");
  });
});

function idsOf(request: RequestIds | undefined): RequestIds | undefined {
  return request && { requestId: request.requestId, traceId: request.traceId, spanId: request.spanId };
}
