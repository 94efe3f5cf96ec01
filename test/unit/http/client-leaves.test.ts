import { describe, expect, it } from "vitest";
import { type FakeApp, fakeApp } from "../../helpers/fake-app.ts";
import { classifyBytes, FakeClient } from "../../helpers/fake-client.ts";

const left = { statusCode: 499, code: "client_closed_request", route: "/v1/classify", isTask: true };

function hang(fake: FakeApp): void {
  fake.model.runWith = () => Promise.withResolvers<void>().promise;
}

describe("a client that leaves", () => {
  it("before its answer aborts the stages, and is logged as 499", async () => {
    await using fake = await fakeApp();
    hang(fake);
    using client = await FakeClient.connect(await fake.listen());
    client.send(classifyBytes());
    await expect.poll(() => fake.model.contexts.length).toBe(1);
    client.socket.destroy();
    await expect.poll(() => fake.finished).toMatchObject([left]);
    expect(fake.model.contexts[0]?.signal.reason).toMatchObject({ code: "client_closed_request" });
    expect(fake.failures).toEqual([]);
  });

  it("in the middle of its body is logged as 499", async () => {
    await using fake = await fakeApp();
    using client = await FakeClient.connect(await fake.listen());
    client.send(classifyBytes().slice(0, -5));
    await expect.poll(() => fake.received.length).toBe(1);
    client.socket.end();
    await expect.poll(() => fake.finished).toMatchObject([left]);
    expect(fake.model.contexts).toEqual([]);
    expect(fake.failures).toEqual([]);
  });

  it("with pipelined requests leaves all of them", async () => {
    await using fake = await fakeApp();
    hang(fake);
    using client = await FakeClient.connect(await fake.listen());
    client.send(classifyBytes() + classifyBytes() + classifyBytes());
    await expect.poll(() => fake.model.contexts.length).toBe(3);
    client.socket.destroy();
    await expect.poll(() => fake.finished).toMatchObject([left, left, left]);
    expect(fake.model.contexts.every(({ signal }) => signal.aborted)).toBe(true);
  });

  it("gives its permit back", async () => {
    await using fake = await fakeApp({ server: { maxConcurrentRequests: 1 } });
    hang(fake);
    const port = await fake.listen();
    using client = await FakeClient.connect(port);
    client.send(classifyBytes());
    await expect.poll(() => fake.model.contexts.length).toBe(1);
    client.socket.destroy();
    await expect.poll(() => fake.finished.length).toBe(1);
    fake.model.runWith = null;
    using next = await FakeClient.connect(port);
    expect((await next.send(classifyBytes()).response()).status).toBe(200);
  });

  it("after its answer is not logged again", async () => {
    await using fake = await fakeApp();
    using client = await FakeClient.connect(await fake.listen());
    client.send(classifyBytes());
    expect((await client.response()).status).toBe(200);
    await expect.poll(() => fake.finished.length).toBe(1);
    client.socket.destroy();
    await expect
      .poll(() => new Promise((resolve) => fake.app.server.getConnections((_error, count) => resolve(count))))
      .toBe(0);
    expect(fake.finished).toMatchObject([{ statusCode: 200, code: null }]);
  });
});
