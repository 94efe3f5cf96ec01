import { ServerResponse } from "node:http";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { Buckets } from "../../../src/admission/bill.ts";
import { MemoryStore } from "../../../src/admission/rate-limit/memory-store.ts";
import type { Config } from "../../../src/config.ts";
import { listKey } from "../../helpers/api-keys.ts";
import { type FakeApp, type FakeAppChanges, fakeApp } from "../../helpers/fake-app.ts";
import { classifyBody } from "../../helpers/fake-client.ts";
import { expectError } from "../../helpers/fake-error-check.ts";
import { FakeServedModel } from "../../helpers/fake-served-model.ts";
import { fakeSpeechApp } from "../../helpers/fake-speech-app.ts";

const plenty = { burst: 1_000, refillPerSecond: 1 };

/** Few tokens, one of them each second; a route may take all of them. */
function limits(changes: Partial<Config["rateLimit"]> = {}): { rateLimit: Partial<Config["rateLimit"]> } {
  const few = { burst: 3, refillPerSecond: 1 };
  return { rateLimit: { tiers: { default: few, anonymous: few }, routeShare: 1, mistakes: plenty, ...changes } };
}

interface Ask {
  readonly headers?: Record<string, string>;
  readonly texts?: readonly string[];
  readonly clientId?: string;
  readonly address?: string;
}

function classify(fake: FakeApp, { headers = {}, texts = ["Bonjour"], clientId, address }: Ask = {}) {
  const body = { ...classifyBody(...texts), ...(clientId === undefined ? {} : { extraParams: { clientId } }) };
  return fake.app.inject({
    method: "POST",
    url: "/v1/classify",
    headers,
    payload: body,
    ...(address === undefined ? {} : { remoteAddress: address }),
  });
}

async function statuses(count: number, ask: () => Promise<{ statusCode: number }>): Promise<number[]> {
  const answers: number[] = [];
  for (let index = 0; index < count; index++) {
    answers.push((await ask()).statusCode);
  }
  return answers;
}

/** The same buckets behind promises, as those in Redis. */
function slowly({ store, leastShare }: Buckets): Buckets {
  return {
    leastShare,
    store: {
      take: async (...parameters) => store.take(...parameters),
      settle: async (...parameters) => store.settle(...parameters),
      close: () => store.close(),
    },
  };
}

it("a request that waited for its buckets goes to the model of now", async () => {
  await using fake = await fakeApp();
  const { store } = fake.buckets;
  const successor = new FakeServedModel();
  fake.buckets = {
    ...fake.buckets,
    store: {
      take: async (...parameters) => {
        await Promise.resolve();
        fake.directory.models = [successor];
        return store.take(...parameters);
      },
      settle: (...parameters) => store.settle(...parameters),
      close: () => store.close(),
    },
  };
  expect((await classify(fake)).statusCode).toBe(200);
  expect([fake.model.contexts.length, successor.contexts.length]).toEqual([0, 1]);
});

describe.each(["in memory", "in Redis"] as const)("buckets %s", (place) => {
  async function limitedApp(changes: Partial<Config["rateLimit"]> = {}, others: FakeAppChanges = {}): Promise<FakeApp> {
    const fake = await fakeApp({ ...others, ...limits(changes) });
    return Object.assign(fake, { buckets: place === "in memory" ? fake.buckets : slowly(fake.buckets) });
  }

  it("tell every client what it has left, and refuse it when that is nothing, before its body is read", async () => {
    await using fake = await limitedApp();
    const { headers } = await classify(fake);
    expect(headers).toMatchObject({
      "ratelimit-policy": '"address";q=3;w=3',
      ratelimit: '"address";r=2;t=1',
      "x-ratelimit-limit": "3",
      "x-ratelimit-remaining": "2",
      "x-ratelimit-reset": "1",
    });
    expect(await statuses(2, () => classify(fake))).toEqual([200, 200]);
    fake.clockMs = 400;
    const refused = await classify(fake, { headers: { "content-type": "text/plain" } });
    expectError(refused, "rate_limit_exceeded");
    expect(refused.headers).toMatchObject({
      "retry-after": "1",
      "retry-after-ms": "600",
      ratelimit: '"address";r=0;t=3',
    });
    expect(fake.finished.at(-1)).toMatchObject({ code: "rate_limit_exceeded", facts: { limit: "address" } });
    expect(fake.model.contexts).toHaveLength(3);
  });

  it("let in whoever waits as long as told, and nobody before", async () => {
    await using fake = await limitedApp();
    await statuses(3, () => classify(fake));
    expect((await classify(fake)).headers["retry-after-ms"]).toBe("1000");
    fake.clockMs = 999;
    expect((await classify(fake)).statusCode).toBe(429);
    fake.clockMs = 1_000;
    expect((await classify(fake)).statusCode).toBe(200);
  });

  it("charge for each text; what is refused then has paid for its headers, and gets in when told", async () => {
    await using fake = await limitedApp();
    expect((await classify(fake, { texts: ["un", "deux"] })).headers["x-ratelimit-remaining"]).toBe("1");
    const refused = await classify(fake, { texts: ["un", "deux", "trois"] });
    expectError(refused, "rate_limit_exceeded");
    expect(refused.headers["retry-after-ms"]).toBe("3000");
    fake.clockMs = 3_000;
    expect((await classify(fake, { texts: ["un", "deux", "trois"] })).statusCode).toBe(200);
  });

  it("let in what costs more than a full bucket holds, for all of it", async () => {
    await using fake = await limitedApp();
    const texts = Array.from({ length: 32 }, () => "texte");
    const { statusCode, headers } = await classify(fake, { texts });
    expect([statusCode, headers["x-ratelimit-remaining"]]).toEqual([200, "0"]);
    const again = await classify(fake, { texts });
    fake.clockMs = 3_000;
    expect([again.statusCode, (await classify(fake, { texts })).statusCode]).toEqual([429, 200]);
  });

  it("charge for thousands of tokens, as many as there were in the end", async () => {
    await using fake = await limitedApp({ tiers: { default: plenty, anonymous: plenty } });
    // 10,000 characters are taken for 2,500 tokens; they are 5,000.
    await classify(fake, { texts: ["a ".repeat(5_000)] });
    expect((await classify(fake)).headers["x-ratelimit-remaining"]).toBe(String(1_000 - 1 - 5 - 1));
  });

  it("keep routes apart, in the bucket of their client", async () => {
    await using fake = await limitedApp({ routeShare: 0.67 });
    expect(await statuses(3, () => classify(fake))).toEqual([200, 200, 429]);
    expect(fake.finished.at(-1)?.facts).toEqual({ limit: "route" });
    expect((await fake.app.inject("/v1/models")).statusCode).toBe(200);
    expect((await fake.app.inject("/v1/models")).statusCode).toBe(429);
    expect(fake.finished.at(-1)?.facts).toEqual({ limit: "address" });
  });

  it("know clients by their names inside the bucket of their address: inventing names gains nothing", async () => {
    await using fake = await limitedApp({ clientIdShare: 0.34 });
    expect(await statuses(2, () => classify(fake, { clientId: "one" }))).toEqual([200, 429]);
    expect(fake.finished.at(-1)).toMatchObject({ clientId: "one", facts: { limit: "client" } });
    // Both have paid the address for their headers: the refused one's body was read.
    let invented = 0;
    expect(await statuses(3, () => classify(fake, { clientId: `invented-${invented++}` }))).toEqual([200, 429, 429]);
    expect(fake.finished.at(-1)?.facts).toEqual({ limit: "address" });
  });

  it("give a client with a key its tier, wherever it is, and an unknown tier the default", async () => {
    const gold = listKey({ client: "gold-digger", tier: "gold" });
    const odd = listKey({ client: "odd", tier: "constructor" }, gold.records);
    const few = { burst: 3, refillPerSecond: 1 };
    await using fake = Object.assign(
      await limitedApp({ tiers: { default: few, anonymous: few, gold: { burst: 5, refillPerSecond: 1 } } }),
      { keys: odd.records },
    );
    const ask = (key: string, address: string) => classify(fake, { headers: { "x-api-key": key }, address });
    let host = 1;
    expect(await statuses(6, () => ask(gold.key, `192.0.2.${host++}`))).toEqual([200, 200, 200, 200, 200, 429]);
    expect(fake.finished.at(-1)).toMatchObject({ clientId: "gold-digger", facts: { limit: "client" } });
    expect(await statuses(4, () => ask(odd.key, "192.0.2.1"))).toEqual([200, 200, 200, 429]);
  });

  it("refuse failed log-ins and unknown paths of an address, each by itself; a right key always opens", async () => {
    const listed = listKey();
    await using fake = Object.assign(await limitedApp({ mistakes: { burst: 2, refillPerSecond: 1 } }), {
      keys: listed.records,
    });
    const unknown = () => fake.app.inject("/wp-login.php");
    expect(await statuses(3, () => classify(fake, { headers: { "x-api-key": "wrong" } }))).toEqual([401, 401, 429]);
    expect(fake.finished.at(-1)?.facts).toEqual({ limit: "login" });
    const wrongMethod = () => fake.app.inject({ method: "DELETE", url: "/v1/classify" });
    expect([await statuses(1, unknown), await statuses(1, wrongMethod)]).toEqual([[404], [405]]);
    expect([await statuses(1, unknown), await statuses(1, wrongMethod)]).toEqual([[429], [429]]);
    expect(fake.finished.at(-1)?.facts).toEqual({ limit: "unknown_path" });
    expect((await unknown()).headers["retry-after-ms"]).toBe("1000");
    expect((await classify(fake, { headers: { "x-api-key": listed.key } })).statusCode).toBe(200);
    expect((await fake.app.inject({ url: "/nowhere", remoteAddress: "192.0.2.9" })).statusCode).toBe(404);
    fake.clockMs = 1_000;
    expect((await unknown()).statusCode).toBe(404);
  });

  it("take nothing from a request that a full or draining service refuses", async () => {
    await using fake = await limitedApp();
    fake.state = "draining";
    expect(await statuses(5, () => classify(fake))).toEqual([503, 503, 503, 503, 503]);
    fake.state = "serving";
    fake.config = { ...fake.config, server: { ...fake.config.server, maxConcurrentRequests: 0 } };
    expect(await statuses(5, () => classify(fake))).toEqual([503, 503, 503, 503, 503]);
    fake.config = { ...fake.config, server: { ...fake.config.server, maxConcurrentRequests: 9 } };
    expect((await classify(fake)).headers["x-ratelimit-remaining"]).toBe("2");
  });

  it("refuse with 429 also where there is no permit left", async () => {
    await using fake = await limitedApp();
    await statuses(3, () => classify(fake));
    fake.config = { ...fake.config, server: { ...fake.config.server, maxConcurrentRequests: 0 } };
    expectError(await classify(fake), "rate_limit_exceeded");
  });

  it("give nothing back for a body that is wrong", async () => {
    await using fake = await limitedApp();
    expect(await statuses(4, () => classify(fake, { texts: [" "] }))).toEqual([400, 400, 400, 429]);
  });

  it("follow the settings of now", async () => {
    await using fake = await limitedApp();
    expect(await statuses(4, () => classify(fake))).toEqual([200, 200, 200, 429]);
    fake.config = { ...fake.config, rateLimit: { ...fake.config.rateLimit, enabled: false } };
    const unlimited = await classify(fake);
    expect([unlimited.statusCode, unlimited.headers["ratelimit"]]).toEqual([200, undefined]);
    expect(await statuses(3, () => fake.app.inject("/nowhere"))).toEqual([404, 404, 404]);
  });

  it("leave probes, metrics and the description alone", async () => {
    await using fake = await limitedApp();
    for (const url of ["/livez", "/readyz", "/metrics", "/openapi.json"]) {
      expect(await statuses(5, () => fake.app.inject(url))).toEqual([200, 200, 200, 200, 200]);
    }
  });

  it("count the pages of the documentation, and paths that cannot be read", async () => {
    await using fake = await limitedApp({ mistakes: { burst: 2, refillPerSecond: 1 } });
    const script = "/docs/static/swagger-ui-bundle.js";
    expect(await statuses(4, () => fake.app.inject(script))).toEqual([200, 200, 200, 429]);
    expect(await statuses(3, () => fake.app.inject("/%zz"))).toEqual([400, 400, 429]);
  });

  it("know an address whatever port a proxy writes behind it, and take all nonsense for one", async () => {
    await using fake = await limitedApp({}, { server: { trustProxy: true } });
    let port = 4_000;
    const ask = (address: string) => () => classify(fake, { headers: { "x-forwarded-for": `${address}:${port++}` } });
    expect(await statuses(4, ask("198.51.100.1"))).toEqual([200, 200, 200, 429]);
    expect(await statuses(4, ask("[2001:db8::1]"))).toEqual([200, 200, 200, 429]);
    expect(await statuses(4, ask("nonsense"))).toEqual([200, 200, 200, 429]);
  });

  it("know an address by what the proxy says only where that is believed", async () => {
    await using fake = await limitedApp();
    let host = 1;
    const ask = () => classify(fake, { headers: { "x-forwarded-for": `198.51.100.${host++}` } });
    expect(await statuses(4, ask)).toEqual([200, 200, 200, 429]);
  });

  it("count the addresses of one IPv6 network as one", async () => {
    await using fake = await limitedApp();
    let host = 1;
    const ask = () => classify(fake, { address: `2001:db8:0:1:${host++}::9` });
    expect(await statuses(4, ask)).toEqual([200, 200, 200, 429]);
    expect((await classify(fake, { address: "2001:db8:0:2::1" })).statusCode).toBe(200);
  });
});

describe("uploads", () => {
  it("pay for each second of audio, and may owe what nobody knew beforehand", async () => {
    await using fake = await fakeSpeechApp(
      limits({ tiers: { default: plenty, anonymous: { burst: 30, refillPerSecond: 1 } } }),
    );
    const send = (milliseconds: number) =>
      fake.app.inject({
        method: "POST",
        url: "/v1/transcribe",
        headers: { "content-type": "audio/wav" },
        payload: Buffer.alloc(milliseconds, 1),
      });
    const first = await send(12_300);
    expect([first.statusCode, first.headers["x-ratelimit-remaining"]]).toEqual([200, "29"]);
    const second = await send(40_000);
    expect([second.statusCode, second.headers["x-ratelimit-remaining"]]).toEqual([200, "17"]);
    // 12 and 40 s of 30 tokens: 22 are owed, and one more is needed.
    const refused = await send(1_000);
    expectError(refused, "rate_limit_exceeded");
    expect(refused.headers["retry-after-ms"]).toBe("23000");
    fake.clockMs = 23_000;
    expect((await send(1_000)).statusCode).toBe(200);
  });
});

it("pays for each text of a transcript that is scored, as for other texts", async () => {
  const burst = { tiers: { default: plenty, anonymous: { burst: 30, refillPerSecond: 1 } }, costPerText: 5 };
  await using fake = await fakeSpeechApp(limits(burst));
  const send = (query: string) =>
    fake.app.inject({
      method: "POST",
      url: `/v1/transcribe${query}`,
      headers: { "content-type": "audio/wav" },
      payload: Buffer.alloc(2_000, 1),
    });
  const answer = await send("?moderate=true&response_format=verbose_json");
  const scored = answer.json<{ segments: unknown[] }>().segments.length;
  expect(scored).toBeGreaterThan(0);
  // Its 2 s, its texts, and 1 for the headers of this one.
  expect((await send("")).headers["x-ratelimit-remaining"]).toBe(String(30 - 2 - 5 * scored - 1));
});

it.each([
  ["the deadline passes", 504],
  ["the client leaves", 499],
])("an upload that ends while Redis decides begins no answer: %s", async (what, statusCode) => {
  await using fake = await fakeSpeechApp();
  fake.limits = { ...fake.limits, heartbeatMs: 1 };
  const second = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  let takes = 0;
  const { store } = fake.buckets;
  fake.buckets = {
    leastShare: 1,
    store: {
      take: async (...parameters) => {
        takes++;
        if (takes > 1) {
          second.resolve();
          await ended.promise;
        }
        return store.take(...parameters);
      },
      settle: (...parameters) => store.settle(...parameters),
      close: () => store.close(),
    },
  };
  const port = await fake.listen();
  const client = connect(port, "127.0.0.1");
  onTestFinished(() => void client.destroy());
  const timeoutMs = what === "the deadline passes" ? 200 : 60_000;
  client.write(
    `POST /v1/transcribe?stream=true&clientId=x HTTP/1.1\r\nHost: a\r\nContent-Type: audio/wav\r\n` +
      `X-Request-Timeout-Ms: ${timeoutMs}\r\nContent-Length: 5000\r\n\r\nRIFF`,
  );
  await second.promise;
  if (what === "the client leaves") {
    client.destroy();
  }
  await expect.poll(() => fake.finished.map((finished) => finished.statusCode)).toEqual([statusCode]);
  const writes = vi.spyOn(ServerResponse.prototype, "writeHead");
  onTestFinished(() => writes.mockRestore());
  ended.resolve();
  // Many heartbeats of an answer that nobody stopped.
  await sleep(100);
  expect(writes).not.toHaveBeenCalled();
});

it("a client that leaves while Redis decides takes no permit", async () => {
  await using fake = await fakeApp(limits());
  const decided = Promise.withResolvers<void>();
  const store = new MemoryStore(10, () => 0);
  fake.buckets = {
    leastShare: 1,
    store: {
      take: async (...parameters) => {
        await decided.promise;
        return store.take(...parameters);
      },
      settle: (...parameters) => store.settle(...parameters),
      close: () => store.close(),
    },
  };
  const port = await fake.listen();
  const leaving = new AbortController();
  const answer = fetch(`http://127.0.0.1:${port}/v1/classify`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(classifyBody()),
    signal: leaving.signal,
  });
  await expect.poll(() => fake.received.length).toBe(1);
  leaving.abort();
  await expect(answer).rejects.toThrow("aborted");
  await expect.poll(() => fake.finished).toMatchObject([{ code: "client_closed_request" }]);
  decided.resolve();
  await expect.poll(() => fake.model.contexts).toEqual([]);
  expect(fake.failures).toEqual([]);
});
