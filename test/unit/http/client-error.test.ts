import { describe, expect, it } from "vitest";
import { errorResponseSchema } from "../../../src/http/schemas/error.ts";
import { type FakeApp, fakeApp } from "../../helpers/fake-app.ts";
import { classifyBytes, FakeClient, type RawResponse } from "../../helpers/fake-client.ts";

function codeOf(response: RawResponse): { status: number; code: string } {
  const { error, requestId } = errorResponseSchema.parse(JSON.parse(response.body));
  expect(response.headers.get("content-type")).toBe("application/json; charset=utf-8");
  expect(response.headers.get("x-request-id")).toBe(requestId);
  expect(response.headers.get("date")).toMatch(/GMT$/);
  return { status: response.status, code: error.code };
}

async function answerTo(fake: FakeApp, bytes: string): Promise<RawResponse> {
  using client = await FakeClient.connect(await fake.listen());
  const response = await client.send(bytes).response();
  expect(response.headers.get("connection")).toBe("close");
  await client.closed();
  expect(client.rest).toBe("");
  return response;
}

describe("what is no request", () => {
  it.each([
    ["junk", "junk\r\n\r\n"],
    ["a TLS handshake", "\u0016\u0003\u0001\u0002\u0000\u0001"],
    ["an unknown method", "FETCH / HTTP/1.1\r\nHost: a\r\n\r\n"],
    ["a malformed header", "GET /livez HTTP/1.1\r\nHost : a\r\n\r\n"],
    ["a malformed length", "POST /v1/classify HTTP/1.1\r\nHost: a\r\nContent-Length: 1e3\r\n\r\n"],
    [
      "two ways to say the length",
      "POST /v1/classify HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
    ],
    ["another protocol", "GET /livez HTTP/9.9\r\nHost: a\r\n\r\n"],
  ])("is answered 400 with the body of every error: %s", async (_what, bytes) => {
    await using fake = await fakeApp();
    expect(codeOf(await answerTo(fake, bytes))).toEqual({ status: 400, code: "invalid_request" });
    expect(fake.received).toMatchObject([{ route: "unmatched" }]);
    expect(fake.finished).toMatchObject([
      { method: "unknown", route: "unmatched", statusCode: 400, code: "invalid_request", isTask: false },
    ]);
  });

  it("is answered 431 when its headers are too large", async () => {
    await using fake = await fakeApp({ server: { maxHeaderBytes: 4_096 } });
    const bytes = `GET /livez HTTP/1.1\r\nHost: a\r\nX-Large: ${"x".repeat(5_000)}\r\n\r\n`;
    expect(codeOf(await answerTo(fake, bytes))).toEqual({ status: 431, code: "headers_too_large" });
  });

  it("is answered 405 when it wants a tunnel", async () => {
    await using fake = await fakeApp();
    const response = await answerTo(fake, "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n");
    expect(codeOf(response)).toEqual({ status: 405, code: "method_not_allowed" });
    expect(response.headers.get("allow")).toBe("GET, HEAD, OPTIONS, POST");
  });

  it("is answered 408 when its headers do not arrive in time", async () => {
    await using fake = await fakeApp({ server: { headersTimeoutMs: 100, requestTimeoutMs: 10_000 } });
    expect(codeOf(await answerTo(fake, "GET /livez HTTP/1.1\r\nHost:"))).toEqual({
      status: 408,
      code: "request_timeout",
    });
    expect(fake.finished).toMatchObject([{ statusCode: 408, route: "unmatched" }]);
  });

  it("is no request at all when a connection is opened and never used", async () => {
    await using fake = await fakeApp({ server: { headersTimeoutMs: 100, requestTimeoutMs: 100 } });
    using client = await FakeClient.connect(await fake.listen());
    await client.closed();
    expect(client.rest).toBe("");
    expect(fake.finished).toEqual([]);
  });
});

describe("a request whose body cannot be read", () => {
  it("is answered 408 when it does not arrive in time", async () => {
    await using fake = await fakeApp({ server: { headersTimeoutMs: 100, requestTimeoutMs: 200 } });
    const response = await answerTo(fake, classifyBytes().slice(0, -5));
    expect(codeOf(response)).toEqual({ status: 408, code: "request_timeout" });
    expect(fake.finished).toMatchObject([{ statusCode: 408, route: "/v1/classify", isTask: true }]);
  });

  it("is answered 400 when its chunks are malformed", async () => {
    await using fake = await fakeApp();
    const head =
      "POST /v1/classify HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    const response = await answerTo(fake, `${head}5\r\n{"inp\r\nnonsense\r\n`);
    expect(codeOf(response)).toEqual({ status: 400, code: "invalid_request" });
    expect(fake.finished).toMatchObject([{ statusCode: 400, route: "/v1/classify", isTask: true }]);
  });

  it("is answered once when it was refused before", async () => {
    await using fake = await fakeApp({ service: { maintenance: true } });
    using client = await FakeClient.connect(await fake.listen());
    client.send("POST /v1/classify HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n");
    expect((await client.response()).status).toBe(503);
    await client.closed();
    expect(client.rest).toBe("");
    expect(fake.finished).toMatchObject([{ statusCode: 503 }]);
  });
});

describe("junk after a request", () => {
  it("is answered after that request was", async () => {
    await using fake = await fakeApp();
    const { promise, resolve } = Promise.withResolvers<void>();
    fake.model.runWith = () => promise;
    using client = await FakeClient.connect(await fake.listen());
    client.send(`${classifyBytes()}junk\r\n\r\n`);
    await expect.poll(() => fake.model.contexts.length).toBe(1);
    client.send("more junk");
    resolve();
    expect((await client.response()).status).toBe(200);
    expect(codeOf(await client.response())).toEqual({ status: 400, code: "invalid_request" });
    await client.closed();
    expect(fake.finished.map(({ statusCode }) => statusCode)).toEqual([200, 400]);
  });

  it("is answered at once when the connection is idle", async () => {
    await using fake = await fakeApp();
    using client = await FakeClient.connect(await fake.listen());
    expect((await client.send(classifyBytes()).response()).status).toBe(200);
    expect(codeOf(await client.send("junk\r\n\r\n").response())).toEqual({ status: 400, code: "invalid_request" });
    await client.closed();
  });
});

describe("a request without Host", () => {
  it("is answered 400 in HTTP/1.1 and accepted in HTTP/1.0", async () => {
    await using fake = await fakeApp();
    const port = await fake.listen();
    using client = await FakeClient.connect(port);
    expect(codeOf(await client.send("GET /livez HTTP/1.1\r\n\r\n").response())).toEqual({
      status: 400,
      code: "invalid_request",
    });
    using old = await FakeClient.connect(port);
    expect((await old.send("GET /livez HTTP/1.0\r\n\r\n").response()).status).toBe(200);
  });
});
