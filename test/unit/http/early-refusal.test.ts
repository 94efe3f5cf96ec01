import { describe, expect, it } from "vitest";
import { ServiceError } from "../../../src/errors.ts";
import type { ClientKey } from "../../../src/scheduler/request-context.ts";
import { fakeApp } from "../../helpers/fake-app.ts";
import { classifyBody, classifyBytes, FakeClient } from "../../helpers/fake-client.ts";
import { expectError } from "../../helpers/fake-error-check.ts";

const overloaded = new ServiceError("overloaded", "The queue is full.", { retryAfterMs: 1_234 });

describe.each(["/v1/classify", "/v1/moderations"])("POST %s when it cannot be taken", (url) => {
  const request = { method: "POST", url, headers: { "content-type": "application/json" }, payload: "{" } as const;

  it("refuses with the model's reason, and tells when to come back", async () => {
    await using fake = await fakeApp();
    const asked: ClientKey[] = [];
    fake.model.refuseWith = (client) => {
      asked.push(client);
      return overloaded;
    };
    const response = await fake.app.inject({ ...request, remoteAddress: "192.0.2.9" });
    expectError(response, "overloaded");
    expect(response.headers).toMatchObject({ "retry-after": "2", "retry-after-ms": "1234" });
    expect(asked).toEqual([{ address: "192.0.2.9", clientId: "" }]);
    expect(fake.received).toHaveLength(1);
    expect(fake.finished).toMatchObject([{ route: url, statusCode: 503, code: "overloaded", isTask: true }]);
  });

  it("refuses under maintenance, which a reload ends", async () => {
    await using fake = await fakeApp({ service: { maintenance: true } });
    const response = await fake.app.inject(request);
    expectError(response, "maintenance");
    expect(response.headers["retry-after"]).toBe("60");
    fake.config = { ...fake.config, service: { ...fake.config.service, maintenance: false } };
    expectError(await fake.app.inject(request), "invalid_request");
  });

  it("refuses while it drains, and closes the connection", async () => {
    await using fake = await fakeApp();
    fake.state = "draining";
    const response = await fake.app.inject(request);
    expectError(response, "draining");
    expect(response.headers).toMatchObject({ "retry-after": "1", connection: "close" });
  });

  it("refuses while its model is not there yet", async () => {
    await using fake = await fakeApp();
    fake.directory.models = [];
    expectError(await fake.app.inject(request), "model_loading");
  });

  it("answers other routes all the same", async () => {
    await using fake = await fakeApp({ service: { maintenance: true } });
    fake.directory.models = [];
    fake.state = "draining";
    expect((await fake.app.inject("/v1/models")).statusCode).toBe(200);
    expect((await fake.app.inject("/livez")).statusCode).toBe(200);
  });

  it("knows the address behind a trusted proxy", async () => {
    await using fake = await fakeApp({ server: { trustProxy: ["10.0.0.1"] } });
    const asked: ClientKey[] = [];
    fake.model.refuseWith = (client) => {
      asked.push(client);
      return overloaded;
    };
    const headers = { ...request.headers, "x-forwarded-for": "203.0.113.5" };
    await fake.app.inject({ ...request, headers, remoteAddress: "10.0.0.1" });
    await fake.app.inject({ ...request, headers, remoteAddress: "10.0.0.2" });
    expect(asked.map(({ address }) => address)).toEqual(["203.0.113.5", "10.0.0.2"]);
  });
});

describe("the limit of requests in flight", () => {
  it("refuses what is more, and gives a permit back with each answer", async () => {
    await using fake = await fakeApp({ server: { maxConcurrentRequests: 2 } });
    const { promise, resolve } = Promise.withResolvers<void>();
    fake.model.prepareWith = () => promise;
    const request = { method: "POST", url: "/v1/classify", payload: classifyBody() } as const;
    const accepted = [fake.app.inject(request), fake.app.inject(request)];
    await expect.poll(() => fake.model.contexts.length).toBe(2);
    expectError(await fake.app.inject(request), "overloaded");
    expect((await fake.app.inject("/livez")).statusCode).toBe(200);
    resolve();
    expect((await Promise.all(accepted)).map(({ statusCode }) => statusCode)).toEqual([200, 200]);
    expect((await fake.app.inject(request)).statusCode).toBe(200);
  });

  it("keeps permits for other addresses when one sends headers and no body", async () => {
    await using fake = await fakeApp({ server: { maxConcurrentRequests: 3, trustProxy: true } });
    const port = await fake.listen();
    using greedy = await FakeClient.connect(port);
    using other = await FakeClient.connect(port);
    const head = classifyBytes(classifyBody(), ["X-Forwarded-For: 192.0.2.1"]).slice(0, -5);
    using second = await FakeClient.connect(port);
    greedy.send(head);
    second.send(head);
    await expect.poll(() => fake.received.length).toBe(2);
    using third = await FakeClient.connect(port);
    expect((await third.send(head).response()).status).toBe(503);
    other.send(classifyBytes(classifyBody(), ["X-Forwarded-For: 192.0.2.2"]));
    expect((await other.response()).status).toBe(200);
  });

  it("counts clients whose address cannot be told as one", async () => {
    await using fake = await fakeApp();
    const asked: ClientKey[] = [];
    fake.model.refuseWith = (client) => {
      asked.push(client);
      return overloaded;
    };
    fake.app.server.on("connection", (socket) => {
      // What Node says of a connection that was reset before it was asked.
      Object.defineProperty(socket, "remoteAddress", { value: undefined });
    });
    using client = await FakeClient.connect(await fake.listen());
    expect((await client.send(classifyBytes()).response()).status).toBe(503);
    expect(asked).toEqual([{ address: "unknown", clientId: "" }]);
  });

  it("gets its permits back from requests that failed, whichever way", async () => {
    await using fake = await fakeApp({ server: { maxConcurrentRequests: 1 } });
    const request = { method: "POST", url: "/v1/classify" } as const;
    for (const payload of ["{", "", "[]", JSON.stringify(classifyBody(""))]) {
      const headers = { "content-type": "application/json" };
      expectErrorCode(await fake.app.inject({ ...request, headers, payload }), 400);
      expectErrorCode(await fake.app.inject({ ...request, headers: {}, payload: "{}" }), 415);
    }
    fake.model.runWith = () => Promise.reject(new Error("bug"));
    expectErrorCode(await fake.app.inject({ ...request, payload: classifyBody() }), 500);
    fake.model.runWith = null;
    expect((await fake.app.inject({ ...request, payload: classifyBody() })).statusCode).toBe(200);
  });
});

describe("the connection of a refused request", () => {
  it("is kept when its body is small, and pipelined requests are answered in turn", async () => {
    await using fake = await fakeApp();
    fake.model.refuseWith = () => overloaded;
    using client = await FakeClient.connect(await fake.listen());
    client.send(classifyBytes() + classifyBytes());
    expect([(await client.response()).status, (await client.response()).status]).toEqual([503, 503]);
    fake.model.refuseWith = null;
    client.send(classifyBytes());
    expect((await client.response()).status).toBe(200);
    expect(fake.finished.map(({ statusCode }) => statusCode)).toEqual([503, 503, 200]);
  });

  it("is kept when the rest of a chunked body arrives soon", async () => {
    await using fake = await fakeApp();
    fake.model.refuseWith = () => overloaded;
    using client = await FakeClient.connect(await fake.listen());
    client.send("POST /v1/classify HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    expect((await client.response()).status).toBe(503);
    client.send("5\r\nworld\r\n0\r\n\r\nGET /livez HTTP/1.1\r\nHost: a\r\n\r\n");
    expect((await client.response()).status).toBe(200);
  });

  it("is closed when the rest of its body does not arrive within a second", async () => {
    await using fake = await fakeApp();
    fake.model.refuseWith = () => overloaded;
    using client = await FakeClient.connect(await fake.listen());
    client.send(classifyBytes().slice(0, -5));
    expect((await client.response()).status).toBe(503);
    await client.closed();
    expect(fake.finished.map(({ statusCode }) => statusCode)).toEqual([503]);
  });

  it("is closed when its body is large, after the client could read the answer", async () => {
    await using fake = await fakeApp();
    fake.model.refuseWith = () => overloaded;
    using client = await FakeClient.connect(await fake.listen());
    client.send(`POST /v1/classify HTTP/1.1\r\nHost: a\r\nContent-Length: ${50 * 1_048_576}\r\n\r\n`);
    const response = await client.response();
    expect(response.status).toBe(503);
    expect(response.headers.get("connection")).toBe("close");
    client.send(Buffer.alloc(4 * 1_048_576));
    await client.closed();
  });

  it("is closed when a body without an end goes on and on", async () => {
    await using fake = await fakeApp();
    fake.model.refuseWith = () => overloaded;
    using client = await FakeClient.connect(await fake.listen());
    client.send("POST /v1/classify HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    expect((await client.response()).status).toBe(503);
    const chunk = `10000\r\n${"x".repeat(65_536)}\r\n`;
    const sending = setInterval(() => client.send(chunk), 1);
    await client.closed();
    clearInterval(sending);
  });

  it("asks for no body that it would not read: no 100 Continue before a refusal", async () => {
    await using fake = await fakeApp();
    fake.model.refuseWith = () => overloaded;
    using client = await FakeClient.connect(await fake.listen());
    const [head = ""] = classifyBytes(classifyBody(), ["Expect: 100-continue"]).split("\r\n\r\n");
    client.send(`${head}\r\n\r\n`);
    expect((await client.response()).status).toBe(503);
  });
});

function expectErrorCode(response: { statusCode: number }, status: number): void {
  expect(response.statusCode).toBe(status);
}
