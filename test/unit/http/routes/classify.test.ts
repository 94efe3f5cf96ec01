import { describe, expect, it } from "vitest";
import { fakeApp } from "../../../helpers/fake-app.ts";
import { classifyBody } from "../../../helpers/fake-client.ts";
import { expectError } from "../../../helpers/fake-error-check.ts";
import { toxicWord } from "../../../helpers/fake-served-model.ts";

const request = { method: "POST", url: "/v1/classify" } as const;
const traceId = "80f198ee56343ba864fe8b2a57d3eff7";

describe("POST /v1/classify", () => {
  it("answers with scores, results and timings, one of each per text", async () => {
    await using fake = await fakeApp();
    const response = await fake.app.inject({
      ...request,
      payload: classifyBody("Bonjour à tous", `Quel ${toxicWord} !`),
    });
    expect(response.statusCode).toBe(200);
    expect(response.headers).toMatchObject({
      "content-type": "application/json; charset=utf-8",
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
      "x-request-id": expect.any(String),
    });
    expect(response.json()).toEqual({
      model: fake.model.identity,
      classificationScores: [
        [
          { label: "non_toxic", score: expect.closeTo(0.982, 3) },
          { label: "toxic", score: expect.closeTo(0.018, 3) },
        ],
        [
          { label: "non_toxic", score: expect.closeTo(0.018, 3) },
          { label: "toxic", score: expect.closeTo(0.982, 3) },
        ],
      ],
      results: [
        { label: "non_toxic", flagged: false, tokens: 3, windows: 1, spans: [] },
        {
          label: "toxic",
          flagged: true,
          tokens: 3,
          windows: 1,
          spans: [{ start: 0, end: 15, score: expect.closeTo(0.982, 3) }],
        },
      ],
      timings: {
        queueMs: 0.5,
        inferenceMs: 1.5,
        preprocessMs: expect.any(Number),
        totalMs: expect.any(Number),
      },
    });
  });

  it("flags by the threshold of the request, else by that of the configuration", async () => {
    await using fake = await fakeApp({ classify: { threshold: 0.99 } });
    const flagged = async (threshold?: number | null): Promise<boolean[]> => {
      const payload = { ...classifyBody("Bonjour", toxicWord), options: { threshold } };
      const response = await fake.app.inject({ ...request, payload });
      return response.json<{ results: { flagged: boolean }[] }>().results.map((result) => result.flagged);
    };
    expect(await flagged()).toEqual([false, false]);
    expect(await flagged(null)).toEqual([false, false]);
    expect(await flagged(0.5)).toEqual([false, true]);
    expect(await flagged(0.01)).toEqual([true, true]);
  });

  it("hands down who asks and until when", async () => {
    await using fake = await fakeApp({ deadline: { defaultMs: 20_000 } });
    const payload = { ...classifyBody(), extraParams: { clientId: "app-1" } };
    const before = performance.now();
    await fake.app.inject({
      ...request,
      payload,
      headers: { "x-request-id": "request-7" },
      remoteAddress: "192.0.2.7",
    });
    const [context] = fake.model.contexts;
    expect(context?.requestId).toBe("request-7");
    expect(context?.client).toEqual({ address: "192.0.2.7", clientId: "app-1" });
    expect(context?.deadline.expiresAt).toBeGreaterThanOrEqual(before + 20_000);
    expect(context?.deadline.expiresAt).toBeLessThanOrEqual(performance.now() + 20_000);
  });

  it.each([
    [60_000, undefined, 60_000],
    [undefined, "70000", 70_000],
    [60_000, "70000", 60_000],
    [70_000, "60000", 60_000],
  ])("takes the smaller of timeoutMs %s and X-Request-Timeout-Ms %s", async (timeoutMs, header, expected) => {
    await using fake = await fakeApp();
    const headers = header === undefined ? {} : { "x-request-timeout-ms": header };
    const before = performance.now();
    await fake.app.inject({ ...request, headers, payload: { ...classifyBody(), options: { timeoutMs } } });
    const limit = (fake.model.contexts[0]?.deadline.expiresAt ?? 0) - before;
    expect(limit).toBeGreaterThanOrEqual(expected);
    expect(limit).toBeLessThan(expected + 10_000);
  });

  it("tells the log who asked, what it cost and how many characters it had, and nothing of the text", async () => {
    await using fake = await fakeApp();
    const extraParams = { clientId: "app-1", channel: "chat", media: "text", "X-B3-TraceId": traceId };
    await fake.app.inject({ ...request, payload: { ...classifyBody("Salut 👋", "ça va ?"), extraParams } });
    expect(fake.finished).toEqual([
      {
        requestId: expect.any(String),
        traceId,
        spanId: expect.stringMatching(/^[0-9a-f]{16}$/),
        trace: expect.objectContaining({ traceId, parentSpanId: null, sampled: null, traceState: null }),
        startedAt: expect.any(Number),
        timeline: null,
        method: "POST",
        route: "/v1/classify",
        clientId: "app-1",
        channel: "chat",
        media: "text",
        statusCode: 200,
        code: null,
        durationMs: expect.any(Number),
        model: "camembert-toxicity-fr",
        isTask: true,
        inputLength: 14,
        steps: expect.objectContaining({ queueMs: 0.5, inferenceMs: 1.5 }),
        facts: {},
      },
    ]);
    expect(fake.received).toEqual([{ requestId: fake.finished[0]?.requestId, route: "/v1/classify" }]);
  });

  it("prefers the trace of a header to that of the body", async () => {
    await using fake = await fakeApp();
    const headers = { b3: "463ac35c9f6413ad48485a3953bb6124-e457b5a2e4d86bd1-1" };
    const payload = { ...classifyBody(), extraParams: { "X-B3-TraceId": traceId } };
    await fake.app.inject({ ...request, headers, payload });
    expect(fake.finished[0]).toMatchObject({
      traceId: "463ac35c9f6413ad48485a3953bb6124",
      trace: { parentSpanId: "e457b5a2e4d86bd1", sampled: true },
    });
  });

  it("begins a new trace where the body names a malformed one", async () => {
    await using fake = await fakeApp();
    const payload = { ...classifyBody(), extraParams: { "X-B3-TraceId": "malformed" } };
    const response = await fake.app.inject({ ...request, payload });
    expect(response.statusCode).toBe(200);
    expect(fake.finished[0]?.traceId).toMatch(/^[0-9a-f]{32}$/);
  });

  it("knows client and trace of a request whose texts are bad", async () => {
    await using fake = await fakeApp();
    const extraParams = { clientId: "app-1", "X-B3-TraceId": traceId };
    const response = await fake.app.inject({ ...request, payload: { ...classifyBody("a", ""), extraParams } });
    expectError(response, "invalid_request", "inputs.classificationInputs[1]");
    expect(response.json<{ traceId: string }>().traceId).toBe(traceId);
    expect(fake.finished[0]).toMatchObject({ clientId: "app-1", traceId, statusCode: 400, code: "invalid_request" });
  });

  it("sees one configuration from start to end, whatever is reloaded meanwhile", async () => {
    await using fake = await fakeApp();
    const { promise: reloaded, resolve: reload } = Promise.withResolvers<void>();
    fake.model.prepareWith = () => reloaded;
    const response = fake.app.inject({ ...request, payload: classifyBody(toxicWord) });
    await expect.poll(() => fake.model.contexts.length).toBe(1);
    fake.config = { ...fake.config, classify: { ...fake.config.classify, threshold: 1 } };
    reload();
    expect((await response).json()).toMatchObject({ results: [{ flagged: true }] });
    expect((await fake.app.inject({ ...request, payload: classifyBody(toxicWord) })).json()).toMatchObject({
      results: [{ flagged: false }],
    });
  });

  it("refuses to send a result that is none", async () => {
    await using fake = await fakeApp();
    Object.assign(fake.model, { identity: { name: "camembert-toxicity-fr", version: 7, digest: "" } });
    expectError(await fake.app.inject({ ...request, payload: classifyBody() }), "internal_error");
    expect(fake.failures).toHaveLength(1);
  });
});
