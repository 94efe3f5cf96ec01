import { setTimeout as sleep } from "node:timers/promises";
import * as fc from "fast-check";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Charge } from "../../src/admission/rate-limit/bucket-store.ts";
import { MemoryStore } from "../../src/admission/rate-limit/memory-store.ts";
import { RedisStore } from "../../src/admission/rate-limit/redis-store.ts";
import { take } from "../../src/admission/rate-limit/token-bucket.ts";
import { missingRedis, RedisServer } from "../helpers/redis-server.ts";
import { itKeepsTheContract } from "../unit/admission/rate-limit/bucket-store-contract.ts";

/** No decision may time out because the machine is busy. */
const timeoutMs = 20_000;

describe.skipIf(missingRedis !== null)("with a real Redis", () => {
  let server: RedisServer;
  let admin: Redis;

  beforeAll(async () => {
    server = await RedisServer.start();
    admin = new Redis(server.url);
  });

  afterAll(async () => {
    admin.disconnect();
    await server[Symbol.asyncDispose]();
  });

  async function openStore(): Promise<RedisStore & AsyncDisposable> {
    await admin.flushall();
    const store = new RedisStore({ url: server.url, timeoutMs: () => timeoutMs });
    await store.probe();
    return Object.assign(store, { [Symbol.asyncDispose]: () => store.close() });
  }

  itKeepsTheContract(async () => {
    const store = await openStore();
    return {
      store,
      // A timer may fire a millisecond early by another clock.
      pass: (ms) => sleep(ms + 2),
      [Symbol.asyncDispose]: () => store.close(),
    };
  });

  test("both stores make the same decisions on the same trace", async () => {
    await using store = await openStore();
    let run = 0;
    const limits = fc.record({
      burst: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.double({ min: 1, max: 1e6, noNaN: true })),
      refillPerSecond: fc.oneof(fc.integer({ min: 1, max: 900 }), fc.double({ min: 0.01, max: 2_000, noNaN: true })),
    });
    const amounts = fc.oneof(fc.integer({ min: 0, max: 8 }), fc.double({ min: 0, max: 30, noNaN: true }));
    const traces = fc.record({
      limits: fc.array(limits, { minLength: 1, maxLength: 3 }),
      steps: fc.array(
        fc.record({
          pauseMs: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(4) }),
          keys: fc.array(fc.constantFrom("a", "b"), { minLength: 3, maxLength: 3 }),
          amount: amounts,
          action: fc.constantFrom("take", "take", "charge", "give back"),
        }),
        { minLength: 1, maxLength: 25 },
      ),
    });
    await fc.assert(
      fc.asyncProperty(traces, async ({ limits: chosen, steps }) => {
        run++;
        let nowMs = 0;
        const memory = new MemoryStore(1_000, () => nowMs);
        for (const { pauseMs, keys, amount, action } of steps) {
          await (pauseMs > 0 ? sleep(pauseMs) : null);
          const charges = chosen.map((limit, index): Charge => {
            return { level: `level-${index}`, key: `${run}-${keys[index]}`, limit };
          });
          const difference = action === "charge" ? amount : -amount;
          const shared =
            action === "take" ? await store.take(charges, amount) : await store.settle(charges, difference);
          nowMs = shared.decidedAtMs;
          expect(action === "take" ? memory.take(charges, amount) : memory.settle(charges, difference)).toEqual(shared);
        }
      }),
      { numRuns: 100 },
    );
  });

  test("both round a wait alike, where the sum of tokens is a hair off", async () => {
    await using store = await openStore();
    // Tenths and thirds that no double holds: where one operation in another order gives another millisecond.
    const tokens = fc.integer({ min: -100, max: 100 }).map((tenths) => tenths / 10);
    const refills = fc.integer({ min: 1, max: 300 }).map((thirtieths) => thirtieths / 30);
    const costs = fc.integer({ min: 0, max: 100 }).map((tenths) => tenths / 10);
    await fc.assert(
      fc.asyncProperty(tokens, refills, costs, async (left, refillPerSecond, cost) => {
        // A bucket of a later time begins now: so nothing has come back yet, whatever Redis' clock says.
        const stored = Buffer.alloc(16);
        stored.writeDoubleLE(left, 0);
        stored.writeDoubleLE(Date.now() + 3_600_000, 8);
        await admin.set("{rate-limit}:client:ada", stored);
        const limit = { burst: 10, refillPerSecond };
        const { decidedAtMs, retryAfterMs } = await store.take([{ level: "client", key: "ada", limit }], cost);
        expect(retryAfterMs).toBe(take({ tokens: left, updatedMs: decidedAtMs }, limit, decidedAtMs, cost).waitMs);
      }),
      { numRuns: 1_000 },
    );
  });

  test("buckets share one hash tag, and leave when they are full again", async () => {
    await using store = await openStore();
    const limit = { burst: 10, refillPerSecond: 0.02 };
    await store.take(
      [
        { level: "address", key: "192.0.2.1", limit },
        { level: "client", key: "{ada}", limit },
      ],
      4,
    );
    const keys = (await admin.keys("*")).filter((key) => !key.includes("probe"));
    expect(keys.toSorted()).toEqual(["{rate-limit}:address:192.0.2.1", "{rate-limit}:client:{ada}"]);
    for (const key of keys) {
      const leavesInMs = await admin.pttl(key);
      expect(leavesInMs).toBeGreaterThan(150_000);
      expect(leavesInMs).toBeLessThanOrEqual(200_000 + 1_000);
    }
  });

  test("a decision is one command, and a refused one writes nothing", async () => {
    await using store = await openStore();
    const charges = [{ level: "client", key: "ada", limit: { burst: 1, refillPerSecond: 0.001 } }];
    await store.take(charges, 1);
    const stored = await admin.getBuffer("{rate-limit}:client:ada");
    const before = await commandCalls(admin);
    for (let request = 0; request < 10; request++) {
      await store.take(charges, 1);
    }
    expect(await commandCalls(admin)).toEqual({ ...before, evalsha: (before["evalsha"] ?? 0) + 10 });
    expect(await admin.getBuffer("{rate-limit}:client:ada")).toEqual(stored);
  });

  test("a Redis that forgot the script gets it again", async () => {
    await using store = await openStore();
    await admin.script("FLUSH");
    const charges = [{ level: "client", key: "ada", limit: { burst: 2, refillPerSecond: 0.001 } }];
    expect(await store.take(charges, 1)).toMatchObject({ remaining: 1 });
    expect(await store.take(charges, 1)).toMatchObject({ remaining: 0 });
  });

  test("what somebody else stored under the key of a bucket does no harm", async () => {
    await using store = await openStore();
    await admin.lpush("{rate-limit}:client:ada", "1");
    await admin.set("{rate-limit}:client:bob", "nonsense");
    const limit = { burst: 2, refillPerSecond: 0.001 };
    expect(await store.take([{ level: "client", key: "ada", limit }], 1)).toMatchObject({ remaining: 1 });
    expect(await store.take([{ level: "client", key: "bob", limit }], 1)).toMatchObject({ remaining: 1 });
  });

  test("a Redis whose clock was set back goes on from there", async () => {
    await using store = await openStore();
    const stored = Buffer.alloc(16);
    stored.writeDoubleLE(Date.now() + 3_600_000, 8);
    await admin.set("{rate-limit}:client:ada", stored);
    const charges = [{ level: "client", key: "ada", limit: { burst: 5, refillPerSecond: 20 } }];
    expect(await store.take(charges, 1)).toMatchObject({ isAllowed: false, retryAfterMs: 50 });
    await sleep(52);
    expect(await store.take(charges, 1)).toMatchObject({ isAllowed: true });
  });

  test("Redis' own word says why there is no decision, and no more than that", async () => {
    await using store = await openStore();
    await admin.config("SET", "maxmemory", "1");
    const charges = [{ level: "client", key: "ada-lovelace", limit: { burst: 1, refillPerSecond: 1 } }];
    try {
      const error: unknown = await store.take(charges, 1).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ name: "StoreUnavailableError", reason: "OOM" });
      expect(String(error)).not.toContain("ada");
    } finally {
      await admin.config("SET", "maxmemory", "0");
    }
  });
});

/** Commands that clients called so far, without those of the connection that asks. Those inside a script are left out. */
async function commandCalls(admin: Redis): Promise<Record<string, number>> {
  const lines = (await admin.info("commandstats")).split("\r\n");
  const calls = lines.map((line) => /^cmdstat_([^:]+):calls=(\d+)/.exec(line) ?? []);
  const counted = calls.map(([, name = "", count = "0"]): [string, number] => [name, Number(count)]);
  const ours = new Set(["", "get", "info", "time", "mget"]);
  return Object.fromEntries(counted.filter(([name]) => !ours.has(name)));
}
