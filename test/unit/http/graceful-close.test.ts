import { describe, expect, it } from "vitest";
import { type FakeApp, fakeApp } from "../../helpers/fake-app.ts";
import { classifyBody, classifyBytes, FakeClient } from "../../helpers/fake-client.ts";

/** Resolves when the server knows so many connections. */
async function connected(fake: FakeApp, count: number): Promise<void> {
  await expect
    .poll(() => new Promise((resolve) => fake.app.server.getConnections((_error, open) => resolve(open))))
    .toBe(count);
}

/** As the service does: tasks are refused, then the app is closed. */
function drain(fake: FakeApp): Promise<void> {
  fake.state = "draining";
  return fake.app.close();
}

describe("an app that is closed", () => {
  it.each([
    ["never sent a byte", ""],
    ["sent half of its headers", "POST /v1/classify HTTP/1.1\r\nHost: a\r\nContent-"],
  ])("lets go of a connection that %s", async (_what, bytes) => {
    await using fake = await fakeApp();
    using client = await FakeClient.connect(await fake.listen());
    if (bytes !== "") {
      client.send(bytes);
    }
    await connected(fake, 1);
    await drain(fake);
    await client.closed();
    expect(fake.finished).toEqual([]);
  });

  it("answers what is under way with `draining` when it is cut off", async () => {
    await using fake = await fakeApp();
    fake.model.runWith = () => new Promise(() => {});
    using client = await FakeClient.connect(await fake.listen());
    client.send(classifyBytes());
    await expect.poll(() => fake.model.contexts.length).toBe(1);
    const closed = drain(fake);
    fake.cutOff.abort();
    await client.closed();
    await closed;
    expect(fake.finished).toMatchObject([{ statusCode: 503, code: "draining" }]);
  });

  it("ends after the answers that are due have left, pipelined ones too", async () => {
    await using fake = await fakeApp();
    const { promise, resolve } = Promise.withResolvers<void>();
    fake.model.runWith = () => promise;
    const port = await fake.listen();
    using client = await FakeClient.connect(port);
    using silent = await FakeClient.connect(port);
    // The state stays "serving": no answer says that the connection will be closed.
    client.send(classifyBytes() + classifyBytes());
    await expect.poll(() => fake.model.contexts.length).toBe(2);
    let isClosed = false;
    const closed = fake.app.close().then(() => {
      isClosed = true;
    });
    await silent.closed();
    expect(isClosed).toBe(false);
    resolve();
    expect((await client.response()).status).toBe(200);
    expect((await client.response()).status).toBe(200);
    await closed;
    await client.closed();
  });

  it.each(["serving", "draining"] as const)(
    "waits for the body of a request no longer than its deadline, while %s",
    async (state) => {
      await using fake = await fakeApp({ deadline: { defaultMs: 100 } });
      using client = await FakeClient.connect(await fake.listen());
      client.send(classifyBytes().slice(0, -5));
      await expect.poll(() => fake.received.length).toBe(1);
      fake.state = state;
      const closed = fake.app.close();
      expect((await client.response()).status).toBe(504);
      await closed;
      expect(fake.finished).toMatchObject([{ statusCode: 504, code: "deadline_exceeded" }]);
    },
  );

  it("answers a request whose body does not arrive in time with draining, long before its deadline", async () => {
    await using fake = await fakeApp({ server: { headersTimeoutMs: 100 } });
    using client = await FakeClient.connect(await fake.listen());
    client.send(classifyBytes().slice(0, -5));
    await expect.poll(() => fake.received.length).toBe(1);
    const closed = drain(fake);
    expect((await client.response()).status).toBe(503);
    await closed;
    expect(fake.finished).toMatchObject([{ statusCode: 503, code: "draining" }]);
  });

  it("takes the rest of a body that arrives in time, and answers it", async () => {
    await using fake = await fakeApp();
    using client = await FakeClient.connect(await fake.listen());
    const bytes = classifyBytes(classifyBody("Bonjour"));
    client.send(bytes.slice(0, -5));
    await expect.poll(() => fake.received.length).toBe(1);
    const closed = drain(fake);
    client.send(bytes.slice(-5));
    expect((await client.response()).status).toBe(200);
    await closed;
  });
});
