import { describe, expect, it } from "vitest";
import { fakeApp } from "../../helpers/fake-app.ts";
import { classifyBytes, FakeClient } from "../../helpers/fake-client.ts";

describe("a service that drains", () => {
  it("finishes what it accepted, and closes that connection with the answer", async () => {
    await using fake = await fakeApp();
    const { promise, resolve } = Promise.withResolvers<void>();
    fake.model.runWith = () => promise;
    using client = await FakeClient.connect(await fake.listen());
    client.send(classifyBytes());
    await expect.poll(() => fake.model.contexts.length).toBe(1);
    fake.state = "draining";
    const closed = fake.app.close();
    resolve();
    const response = await client.response();
    expect(response.status).toBe(200);
    expect(response.headers.get("connection")).toBe("close");
    await client.closed();
    await closed;
  });

  it("refuses new tasks on connections that are open, and lets go of idle ones", async () => {
    await using fake = await fakeApp();
    const port = await fake.listen();
    using busy = await FakeClient.connect(port);
    using idle = await FakeClient.connect(port);
    expect((await idle.send(classifyBytes()).response()).status).toBe(200);
    fake.state = "draining";
    const response = await busy.send(classifyBytes()).response();
    expect(response.status).toBe(503);
    expect(response.headers.get("connection")).toBe("close");
    await busy.closed();
    await fake.app.close();
    await idle.closed();
  });
});
