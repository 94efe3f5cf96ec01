import { rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Decision } from "../../src/admission/rate-limit/bucket-store.ts";
import { FallbackStore, type StateChange } from "../../src/admission/rate-limit/fallback-store.ts";
import { MemoryStore } from "../../src/admission/rate-limit/memory-store.ts";
import { RedisStore } from "../../src/admission/rate-limit/redis-store.ts";
import { missingRedis, RedisServer } from "../helpers/redis-server.ts";
import { TemporaryFolder } from "../helpers/temporary-folder.ts";

const timeoutMs = 50;
const charges = [
  { level: "address", key: "192.0.2.1", limit: { burst: 1_000_000, refillPerSecond: 10 } },
  { level: "client", key: "ada", limit: { burst: 1_000_000, refillPerSecond: 10 } },
];

describe.skipIf(missingRedis !== null)("when Redis fails", () => {
  let server: RedisServer;
  let changes: StateChange[];
  let store: FallbackStore;

  beforeEach(async () => {
    server = await RedisServer.start();
    changes = [];
    store = await FallbackStore.start({
      shared: new RedisStore({ url: server.url, timeoutMs: () => timeoutMs }),
      local: new MemoryStore(1_000),
      localShare: () => 0.5,
      onStateChange: (change) => changes.push(change),
    });
    await sharedAgain();
  });

  afterEach(async () => {
    await store.close();
    await server[Symbol.asyncDispose]();
  });

  async function sharedAgain(): Promise<void> {
    while (!store.isShared) {
      await sleep(10);
    }
  }

  async function lost(): Promise<void> {
    while (store.isShared) {
      await sleep(1);
    }
  }

  /** Twenty clients that take and settle without a break until they are told to stop. */
  function load(): { stop(): Promise<{ decisions: number; worstMs: number; refused: number }> } {
    const over = new AbortController();
    let decisions = 0;
    let refused = 0;
    let worstMs = 0;
    const count = async (decision: Decision | Promise<Decision>): Promise<void> => {
      const startedAt = performance.now();
      const { isAllowed } = await decision;
      worstMs = Math.max(worstMs, performance.now() - startedAt);
      decisions++;
      refused += isAllowed ? 0 : 1;
    };
    const clients = Array.from({ length: 20 }, async () => {
      while (!over.signal.aborted) {
        await count(store.take(charges, 1));
        await count(store.settle(charges, -1));
        // Local decisions take no turn of the event loop by themselves.
        await sleep(1);
      }
    });
    return {
      stop: async () => {
        over.abort();
        await Promise.all(clients);
        return { decisions, worstMs, refused };
      },
    };
  }

  test("a Redis that stands still costs a request the time limit once, and is used again when it goes on", async () => {
    const admin = new Redis(server.url);
    const running = load();
    await sleep(100);
    const pauseMs = 4_000;
    const pausedAt = performance.now();
    await admin.client("PAUSE", pauseMs, "ALL");
    await lost();
    const lostAfterMs = performance.now() - pausedAt;
    await sharedAgain();
    await sleep(100);
    const { decisions, worstMs, refused } = await running.stop();
    admin.disconnect();
    // Far from the pause, however busy the machine is.
    expect(lostAfterMs).toBeLessThan(pauseMs / 2);
    expect(worstMs).toBeLessThan(pauseMs / 2);
    expect(changes.find(({ isShared }) => !isShared)).toEqual({ isShared: false, reason: "timeout" });
    expect(changes.at(-1)).toEqual({ isShared: true, reason: null });
    expect(refused).toBe(0);
    expect(decisions).toBeGreaterThan(100);
  });

  test("a Redis that is killed and started again in the middle of the load fails no request", async () => {
    const running = load();
    await sleep(200);
    await server.kill();
    await lost();
    await sleep(300);
    expect(await store.take(charges, 1)).toMatchObject({ isAllowed: true, limit: { burst: 500_000 } });
    await server.start();
    await sharedAgain();
    await sleep(200);
    const { decisions, refused } = await running.stop();
    expect(refused).toBe(0);
    expect(decisions).toBeGreaterThan(100);
    expect(changes.filter(({ isShared }) => !isShared)[0]?.reason).toMatch(/^(disconnected|E[A-Z]+|timeout)$/);
    expect(changes.at(-1)).toEqual({ isShared: true, reason: null });
    expect(await store.take(charges, 1)).toMatchObject({ isAllowed: true, limit: { burst: 1_000_000 } });
  });

  test("a primary that has become a replica is left for the one that is now at its address", async () => {
    await using next = await RedisServer.start();
    using folder = new TemporaryFolder();
    const address = join(folder.path, "primary.sock");
    symlinkSync(server.url, address);
    const shared = new RedisStore({ url: address, timeoutMs: () => timeoutMs });
    await shared.probe();
    await store.replaceShared(shared);
    const operator = new Redis(server.url);
    await operator.replicaof("127.0.0.1", 1);
    await operator.quit();
    rmSync(address);
    symlinkSync(next.url, address);
    await store.take(charges, 1);
    expect(changes.at(-1)).toEqual({ isShared: false, reason: "READONLY" });
    await sharedAgain();
    expect((await store.take(charges, 1)).isAllowed).toBe(true);
    expect(store.isShared).toBe(true);
  });

  test("a Redis with another password takes over without a failed request", async () => {
    await using next = await RedisServer.start();
    const admin = new Redis(next.url);
    await admin.config("SET", "requirepass", "planted-password");
    admin.disconnect();
    const wrong = new RedisStore({ url: `${next.url}?password=wrong`, timeoutMs: () => 20_000 });
    await expect(wrong.probe()).rejects.toMatchObject({ reason: "WRONGPASS" });
    await wrong.close();

    const running = load();
    const replacement = new RedisStore({ url: `${next.url}?password=planted-password`, timeoutMs: () => 20_000 });
    await replacement.probe();
    await store.replaceShared(replacement);
    await sleep(100);
    const { refused } = await running.stop();
    expect(refused).toBe(0);
    expect(store.isShared).toBe(true);
  });
});
