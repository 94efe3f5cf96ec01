import { once } from "node:events";
import { renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { expect, onTestFinished, test } from "vitest";
import { stringify } from "yaml";
import { missingRedis, TcpRedis } from "../helpers/redis-server.ts";
import { ServiceProcess } from "../helpers/service-process.ts";
import { TemporaryFolder } from "../helpers/temporary-folder.ts";

/** Of 100 tokens, so few come back during a test that they change nothing. */
const rateLimit = {
  tiers: { anonymous: { burst: 100, refillPerSecond: 0.01 } },
  routeShare: 1,
  redisShare: 0.5,
};

/** A Redis that a busy machine keeps from its work is not lost. */
const patient = { ...rateLimit, redisTimeoutMs: 10_000 };

test("a limit holds, is told on every answer, and changes with the file of settings", async () => {
  const few = { ...rateLimit, tiers: { anonymous: { burst: 5, refillPerSecond: 0.01 } } };
  await using service = await ServiceProcess.ready({ settings: { rateLimit: few } });
  const answers = await Promise.all(Array.from({ length: 12 }, () => ask(service)));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(5);
  const refused = answers.filter(({ status }) => status === 429);
  expect(refused).toHaveLength(7);
  for (const { headers } of refused) {
    const milliseconds = Number(headers.get("retry-after-ms"));
    expect(Math.ceil(milliseconds / 1_000)).toBe(Number(headers.get("retry-after")));
    expect(milliseconds).toBeGreaterThan(90_000);
    expect(headers.get("ratelimit")).toMatch(/^"address";r=0;t=\d+$/);
  }
  await service.metricReaches('rate_limit_rejections_total{reason="address"}', (value) => value === 7);

  writeFileSync(service.settingsFile, stringify({ rateLimit: { ...few, enabled: false } }));
  await service.logged(({ event }) => event === "config_reloaded");
  expect((await ask(service)).status).toBe(200);
});

test.skipIf(missingRedis !== null)(
  "two instances on one Redis share a limit; while it is away each gives its share, without a failed request",
  async () => {
    const redis = new TcpRedis(await freePort());
    await redis.start();
    onTestFinished(() => redis.kill());
    const options = { settings: { rateLimit: patient }, environment: { REDIS_URL: redis.url } };
    await using first = await ServiceProcess.ready(options);
    await using second = await ServiceProcess.ready(options);
    const both = [first, second];

    expect(await tally(both, 200)).toEqual({ 200: 100, 429: 100 });

    await redis.kill();
    // The buckets in memory begin full: half of the limit each.
    expect(await tally(both, 200)).toEqual({ 200: 100, 429: 100 });
    await Promise.all(both.map((service) => logsStore(service, false)));
    await first.metricReaches("rate_limit_store_shared", (value) => value === 0);
    await first.metricReaches("rate_limit_store_losses_total", (value) => value === 1);

    const from = both.map(({ log }) => log.length);
    await redis.start();
    await Promise.all(both.map((service, index) => logsStore(service, true, from[index])));
    // It knows nothing of its earlier life.
    expect(await tally(both, 200)).toEqual({ 200: 100, 429: 100 });
  },
);

test.skipIf(missingRedis !== null)("a Redis that stands still costs no request its answer", async () => {
  const redis = new TcpRedis(await freePort());
  await redis.start();
  onTestFinished(() => redis.kill());
  const options = {
    settings: { rateLimit: { ...rateLimit, tiers: { anonymous: { burst: 1_000, refillPerSecond: 1 } } } },
  };
  await using service = await ServiceProcess.ready({ ...options, environment: { REDIS_URL: redis.url } });
  expect(await tally([service], 50)).toEqual({ 200: 50 });
  const admin = new Redis(redis.url);
  onTestFinished(() => admin.disconnect());
  await admin.call("CLIENT", "PAUSE", "1500", "ALL");
  const from = service.log.length;
  expect(await tally([service], 200)).toEqual({ 200: 200 });
  await logsStore(service, false, from);
  await logsStore(service, true, from);
  expect(await tally([service], 50)).toEqual({ 200: 50 });
});

test.skipIf(missingRedis !== null)("a rotated Redis takes over without a failed request", async () => {
  using folder = new TemporaryFolder();
  const old = new TcpRedis(await freePort());
  const next = new TcpRedis(await freePort());
  onTestFinished(async () => {
    await Promise.all([old.kill(), next.kill()]);
  });
  await Promise.all([old.start(), next.start()]);
  const publish = (url: string): void => renameSync(folder.write("next", url), join(folder.path, "redis-url"));
  publish(old.url);
  const environment = { SERVICE__SECRETS__FOLDER: folder.path };
  await using service = await ServiceProcess.ready({ settings: { rateLimit: patient }, environment });
  expect(await tally([service], 120)).toEqual({ 200: 100, 429: 20 });

  publish(next.url);
  const seen = new Set<number>();
  while (!seen.has(200)) {
    seen.add((await ask(service)).status);
    await sleep(20);
  }
  expect(seen).toEqual(new Set([429, 200]));
  await old.kill();
  expect(await tally([service], 120)).toEqual({ 200: 99, 429: 21 });
  expect(service.log.filter(isStoreChange)).toHaveLength(1);
});

/** One of the cheapest requests that are limited. */
function ask({ url }: ServiceProcess): Promise<Response> {
  return fetch(`${url}/v1/models`);
}

/** Sends so many requests to the instances by turns, 20 at a time, and counts the answers by their status. */
async function tally(services: readonly ServiceProcess[], count: number): Promise<Record<string, number>> {
  const statuses: number[] = [];
  let sent = 0;
  const client = async (): Promise<void> => {
    for (let turn = sent++; turn < count; turn = sent++) {
      const response = await ask(services[turn % services.length] as ServiceProcess);
      await response.arrayBuffer();
      statuses.push(response.status);
    }
  };
  await Promise.all(Array.from({ length: 20 }, client));
  return Object.fromEntries([...Map.groupBy(statuses, String)].map(([status, all]) => [status, all.length]));
}

function isStoreChange({ event }: { readonly event: string }): boolean {
  return event === "rate_limit_store_changed";
}

/** Resolves when the instance has said that it shares its buckets, or that it does not. */
async function logsStore(service: ServiceProcess, isShared: boolean, from = 0): Promise<void> {
  await service.logged((line) => isStoreChange(line) && line["is_shared"] === isShared, from);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" && address !== null ? address.port : 0;
}
