import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { maxTextLength, maxTexts } from "../../../src/admission/input-limits.ts";
import { statusByCode } from "../../../src/http/error-status.ts";
import { errorResponseSchema } from "../../../src/http/schemas/error.ts";
import { type FakeApp, fakeApp } from "../../helpers/fake-app.ts";
import { classifyBody, FakeClient } from "../../helpers/fake-client.ts";

type Headers = Record<string, string>;

interface BadRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly payload: string | Buffer;
}

const json: Headers = { "content-type": "application/json" };
const taskUrl = fc.constantFrom("/v1/classify", "/v1/moderations");
const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }).map((value) => `a${value.toWellFormed()}`);

/** Values that no field of any request takes: each misses the type or the bounds of all of them. */
const wrongValue = fc.oneof(
  fc.boolean(),
  fc.constantFrom(-1, 1e300, -1e-9, 0.1 + 1e9),
  fc.constantFrom([[]], [null], [{}], [0, 1]),
  fc.constant(""),
  fc.constant("\ud800"),
  fc.constant("\n"),
);

const validBody = fc.record({
  inputs: fc.record({ classificationInputs: fc.array(text, { minLength: 1, maxLength: 4 }) }),
  extraParams: fc.record({ clientId: fc.constantFrom("app", null), channel: fc.constant("chat") }),
  options: fc.record({
    threshold: fc.double({ min: 0, max: 1, noNaN: true }),
    timeoutMs: fc.integer({ min: 50, max: 120_000 }),
  }),
});

const badTexts = fc.oneof(
  fc.constant<unknown[]>([]),
  fc.array(text, { minLength: maxTexts + 1, maxLength: maxTexts + 5 }),
  fc
    .string({ unit: fc.constantFrom(" ", "\n", "\u00a0", "\u200b", "\u0000"), minLength: 1 })
    .map((blank) => ["fine", blank]),
  text.map((start) => [start + "é".repeat(maxTextLength)]),
  fc.constantFrom("\ud800", "\udfff", "a\ud83dz").map((lone) => ["fine", lone]),
  fc.array(wrongValue, { minLength: 1, maxLength: 4 }),
);

const badClassifyBody = fc.oneof(
  badTexts.map((texts) => ({ inputs: { classificationInputs: texts } })),
  fc.tuple(validBody, wrongValue).map(([body, value]) => ({ ...body, inputs: value })),
  fc.tuple(validBody, wrongValue).map(([body, value]) => ({ ...body, inputs: { classificationInputs: value } })),
  fc.tuple(validBody, wrongValue).map(([body, value]) => ({ ...body, extraParams: value })),
  fc.tuple(validBody, fc.constantFrom(1, true, [], {}, "\n", "x".repeat(257), "日")).map(([body, value]) => ({
    ...body,
    extraParams: { channel: value },
  })),
  fc.tuple(validBody, wrongValue).map(([body, value]) => ({ ...body, options: value })),
  fc.tuple(validBody, wrongValue, fc.constantFrom("threshold", "timeoutMs")).map(([body, value, key]) => ({
    ...body,
    options: { ...body.options, [key]: value },
  })),
  fc.tuple(validBody, fc.constantFrom("__proto__", "constructor")).map(([body, key]) => ({
    ...body,
    extraParams: Object.fromEntries([[key, { prototype: {} }]]) as unknown,
  })),
  fc.tuple(validBody, fc.string()).map(([body, key]) => ({ ...body, [`x${key}`]: 1 })),
  fc.tuple(validBody, fc.string()).map(([body, key]) => ({ ...body, options: { [`x${key}`]: 1 } })),
  fc.jsonValue({ maxDepth: 3 }),
);

const badModerationBody = fc.oneof(
  badTexts.map((input) => ({ input })),
  wrongValue.map((input) => ({ input })),
  fc
    .array(wrongValue, { minLength: 1 })
    .map((parts) => ({ input: parts.map((part) => ({ type: "text", text: part })) })),
  fc.constantFrom("image_url", "audio", "").map((type) => ({ input: [{ type, text: "a" }] })),
  text.map((model) => ({ input: "Bonjour", model: `${model}?` })),
  fc.constantFrom(1, true, [], {}).map((model) => ({ input: "Bonjour", model })),
  fc.jsonValue({ maxDepth: 3 }),
);

/** Valid JSON of a wrong shape. */
const wrongShape = fc.oneof(
  badClassifyBody.map((body) => post("/v1/classify", json, JSON.stringify(body))),
  badModerationBody.map((body) => post("/v1/moderations", json, JSON.stringify(body))),
);

/** No JSON: cut off, with something inserted, or any text and bytes. */
const malformed = fc
  .oneof(
    fc.tuple(validBody, fc.nat()).map(([body, cut]) => {
      const whole = JSON.stringify(body);
      return whole.slice(0, cut % whole.length);
    }),
    fc
      .tuple(validBody, fc.nat(), fc.constantFrom("\u0000", "'", "NaN", "\\", "}", "{", "//"))
      .map(([body, at, junk]) => {
        const whole = JSON.stringify(body);
        const index = at % (whole.length + 1);
        return `${whole.slice(0, index)}${junk}${whole.slice(index)}`;
      }),
    validBody.map((body) => `${JSON.stringify(body)} trailing`),
    fc.constantFrom("{'a':1}", "\ufeff", "undefined", "[".repeat(9_999)),
    fc.string({ unit: "binary" }),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    fc.tuple(validBody, fc.nat()).map(([body, at]) => {
      const bytes = Buffer.from(JSON.stringify(body));
      bytes[at % bytes.length] = 0xff;
      return bytes;
    }),
  )
  .filter((payload) => Buffer.from(payload).includes(0xff) || !isJson(payload.toString()))
  .chain((payload) => taskUrl.map((url) => post(url, json, payload)));

const headerValue = fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)) });
const goodPayload = JSON.stringify(classifyBody());

/** A good body behind headers that it may not have. */
const wrongHeaders = fc.oneof(
  headerValue
    .filter((type) => !type.toLowerCase().includes("application/json"))
    .map((type) => post("/v1/classify", { "content-type": type }, goodPayload)),
  fc
    .constantFrom("gzip", "br", "deflate", "gzip, identity", "x", "GZIP")
    .map((encoding) => post("/v1/classify", { ...json, "content-encoding": encoding }, goodPayload)),
  fc
    .oneof(
      headerValue.filter((value) => !/^\d+$/.test(value)),
      fc.constantFrom("0", "49", "120001", "9".repeat(30), "-50", "50.0", "٥٠"),
    )
    .filter((value) => /^[\x20-\x7e]*$/.test(value))
    .map((timeout) => post("/v1/classify", { ...json, "x-request-timeout-ms": timeout }, goodPayload)),
);

/** Methods and paths that lead nowhere. */
const wrongRoute = fc.oneof(
  fc
    .tuple(fc.constantFrom("GET", "PUT", "DELETE", "PATCH", "TRACE", "SEARCH", "PURGE"), taskUrl)
    .map(([method, url]) => ({ method, url, headers: json, payload: goodPayload })),
  fc
    .tuple(fc.constantFrom("GET", "POST", "DELETE"), fc.webPath({ size: "medium" }), fc.webQueryParameters())
    .map(([method, path, query]) => ({ method, url: `/x${path}?${query}`, headers: {}, payload: "" })),
  fc
    .constantFrom(
      "/%",
      "/v1/models/%ff",
      "/v1/models/%C3",
      `/v1/models/${"a".repeat(5_000)}`,
      "/../etc/passwd",
      "//livez",
      "/docs/static/..%2f..%2fpackage.json",
    )
    .map((url) => ({ method: "GET", url, headers: {}, payload: "" })),
);

/** Headers that change nothing about an answer, whatever is in them. */
const noise = fc.dictionary(
  fc.constantFrom(
    "b3",
    "traceparent",
    "x-b3-traceid",
    "x-request-id",
    "x-forwarded-for",
    "accept",
    "authorization",
    "cookie",
    "expect",
    "range",
  ),
  headerValue,
);

const badRequest = fc
  .tuple(
    fc.oneof({ weight: 3, arbitrary: wrongShape }, { weight: 3, arbitrary: malformed }, wrongHeaders, wrongRoute),
    noise,
  )
  .map(([request, headers]) => ({ ...request, headers: { ...headers, ...request.headers } }));

const junkLine = fc.oneof(
  headerValue,
  fc.string({ unit: "binary" }),
  fc.constantFrom("Host: a", "Content-Length: 5", "Transfer-Encoding: x"),
);

/** Bytes that begin like a request, more or less. */
const rawBytes = fc.oneof(
  fc
    .tuple(
      fc.constantFrom("GET", "POST", "get", "BREW", "CONNECT", ""),
      headerValue,
      fc.constantFrom("HTTP/1.1", "HTTP/1.0", "HTTP/3", "", "x"),
      fc.array(junkLine, { maxLength: 4 }),
    )
    .map(([method, path, version, lines]) => `${method} /${path} ${version}\r\n${lines.join("\r\n")}\r\n\r\n`),
  fc
    .uint8Array({ minLength: 1, maxLength: 100 })
    .map((bytes) => Buffer.concat([Buffer.from("x"), bytes, Buffer.from("\r\n\r\n")])),
);

function isJson(value: string): boolean {
  try {
    JSON.parse(value);
    return true;
  } catch {
    return false;
  }
}

function post(url: string, headers: Headers, payload: string | Buffer): BadRequest {
  return { method: "POST", url, headers, payload };
}

/** Throws unless the answer is a 4xx in the shape of every error. */
function checkAnswer(status: number, requestId: unknown, body: string): void {
  const { success, data } = errorResponseSchema.safeParse(JSON.parse(body));
  if (
    !success ||
    status < 400 ||
    status > 498 ||
    status !== statusByCode[data.error.code] ||
    requestId !== data.requestId
  ) {
    throw new Error(`${status} with ${body}`);
  }
}

async function checkStillServes(fake: FakeApp): Promise<void> {
  const response = await fake.app.inject({ method: "POST", url: "/v1/classify", payload: classifyBody() });
  expect(response.statusCode).toBe(200);
  expect(fake.failures).toEqual([]);
}

describe("10,000 generated bad requests", () => {
  it("are all answered 4xx with the body of every error, once each: 9,500 well-formed as HTTP", {
    timeout: 120_000,
  }, async () => {
    await using fake = await fakeApp();
    let sent = 0;
    await fc.assert(
      fc.asyncProperty(badRequest, async (request) => {
        const response = await fake.app.inject({ ...request, method: request.method as "GET" });
        sent++;
        checkAnswer(response.statusCode, response.headers["x-request-id"], response.body);
      }),
      { numRuns: 9_500 },
    );
    expect(fake.finished).toHaveLength(sent);
    expect(fake.received).toHaveLength(sent);
    await checkStillServes(fake);
  });

  it("are all answered 4xx with the body of every error, once each: 500 of junk on a socket", {
    timeout: 120_000,
  }, async () => {
    await using fake = await fakeApp({ server: { headersTimeoutMs: 100, requestTimeoutMs: 150 } });
    const port = await fake.listen();
    await fc.assert(
      fc.asyncProperty(rawBytes, async (bytes) => {
        using client = await FakeClient.connect(port);
        const { status, headers, body } = await client.send(bytes).response();
        checkAnswer(status, headers.get("x-request-id"), body);
      }),
      { numRuns: 500 },
    );
    expect(fake.finished.every(({ statusCode }) => statusCode >= 400 && statusCode < 500)).toBe(true);
    expect(new Set(fake.finished.map(({ requestId }) => requestId)).size).toBe(fake.finished.length);
    await checkStillServes(fake);
  });
});
