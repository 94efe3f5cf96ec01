import { describe, expect, it } from "vitest";
import { fakeApp } from "../../helpers/fake-app.ts";
import { classifyBody, classifyBytes, FakeClient } from "../../helpers/fake-client.ts";
import { expectError } from "../../helpers/fake-error-check.ts";

const request = { method: "POST", url: "/v1/classify" } as const;

function activeTimers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
}

function never(): Promise<void> {
  return Promise.withResolvers<void>().promise;
}

describe("the deadline of a request", () => {
  it.each([
    ["timeoutMs", { options: { timeoutMs: 60 } }, {}],
    ["the header", {}, { "x-request-timeout-ms": "60" }],
  ])("ends it with 504 though the stages ignore their signal: %s", async (_what, options, headers) => {
    await using fake = await fakeApp();
    fake.model.runWith = never;
    const response = await fake.app.inject({ ...request, headers, payload: { ...classifyBody(), ...options } });
    expectError(response, "deadline_exceeded");
    expect(response.headers["x-should-retry"]).toBe("false");
    expect(fake.model.contexts[0]?.signal.reason).toMatchObject({ code: "deadline_exceeded" });
    expect(fake.finished).toMatchObject([{ statusCode: 504, code: "deadline_exceeded" }]);
    expect(fake.finished[0]?.durationMs).toBeGreaterThanOrEqual(59);
  });

  it("ends it with 504 by the default of the configuration", async () => {
    await using fake = await fakeApp({ deadline: { defaultMs: 60 } });
    fake.model.prepareWith = never;
    expectError(await fake.app.inject({ ...request, payload: classifyBody() }), "deadline_exceeded");
  });

  it("counts from the headers on, while the body is still arriving", async () => {
    await using fake = await fakeApp();
    using client = await FakeClient.connect(await fake.listen());
    client.send(classifyBytes(classifyBody(), ["X-Request-Timeout-Ms: 60"]).slice(0, -1));
    const response = await client.response();
    expect(response.status).toBe(504);
    expect(JSON.parse(response.body)).toMatchObject({ error: { code: "deadline_exceeded" } });
    expect(fake.model.contexts).toEqual([]);
  });

  it("counts from the headers on without a limit of the client's, too", async () => {
    await using fake = await fakeApp({ deadline: { defaultMs: 60 }, server: { maxConcurrentRequests: 1 } });
    const port = await fake.listen();
    using client = await FakeClient.connect(port);
    client.send(classifyBytes().slice(0, -1));
    expect((await client.response()).status).toBe(504);
    using next = await FakeClient.connect(port);
    expect((await next.send(classifyBytes()).response()).status).toBe(200);
  });

  it("may be later than the default when the body says so", async () => {
    await using fake = await fakeApp({ deadline: { defaultMs: 60 } });
    fake.model.runWith = () => new Promise((resolve) => setTimeout(resolve, 120));
    const payload = { ...classifyBody(), options: { timeoutMs: 60_000 } };
    expect((await fake.app.inject({ ...request, payload })).statusCode).toBe(200);
  });

  it("reports what goes wrong in a stage after the answer has left", async () => {
    await using fake = await fakeApp();
    const { promise, reject } = Promise.withResolvers<void>();
    fake.model.runWith = () => promise;
    const payload = { ...classifyBody(), options: { timeoutMs: 60 } };
    expectError(await fake.app.inject({ ...request, payload }), "deadline_exceeded");
    const bug = new Error("bug");
    reject(bug);
    await expect.poll(() => fake.failures).toMatchObject([{ where: "http", error: bug }]);
    expect(fake.finished).toHaveLength(1);
  });

  it("leaves no timer behind when the request ends before", async () => {
    await using fake = await fakeApp();
    const before = activeTimers();
    for (let repeat = 0; repeat < 5; repeat++) {
      await fake.app.inject({ ...request, payload: classifyBody() });
    }
    expect(activeTimers()).toBeLessThanOrEqual(before);
  });
});
