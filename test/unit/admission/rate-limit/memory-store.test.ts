import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MemoryStore } from "../../../../src/admission/rate-limit/memory-store.ts";
import { itKeepsTheContract } from "./bucket-store-contract.ts";

const limit = { burst: 2, refillPerSecond: 1 };

describe("MemoryStore", () => {
  itKeepsTheContract(async () => {
    let nowMs = 0.7;
    return {
      store: new MemoryStore(1_000, () => nowMs),
      pass: async (ms) => {
        nowMs += ms;
      },
      [Symbol.asyncDispose]: async () => {},
    };
  });
});

test("the bucket that was used least recently leaves first", () => {
  const store = new MemoryStore(2, () => 0);
  const take = (key: string): number => store.take([{ level: "client", key, limit }], 1).remaining;
  expect([take("ada"), take("bob"), take("ada"), take("eve")]).toEqual([1, 1, 0, 1]);
  expect(store.size).toBe(2);
  // Refused, and so used: it is not the one that leaves.
  expect(take("ada")).toBe(0);
  expect(take("bob")).toBe(1);
  expect(store.size).toBe(2);
  expect(take("ada")).toBe(0);
});

test("a flood of invented keys leaves the bucket of their address where it is", () => {
  const store = new MemoryStore(100, () => 0);
  const address = { level: "address", key: "192.0.2.1", limit: { burst: 50, refillPerSecond: 1 } };
  let admitted = 0;
  for (let id = 0; id < 10_000; id++) {
    admitted += store.take([address, { level: "client", key: `${id}`, limit }], 1).isAllowed ? 1 : 0;
  }
  expect(admitted).toBe(50);
});

test("never more is admitted than burst + rate × time, in any level and whatever the interleaving", () => {
  const levels = [
    { level: "address", limit: { burst: 20, refillPerSecond: 7 } },
    { level: "client", limit: { burst: 8, refillPerSecond: 3.3 } },
  ];
  const keys = fc.constantFrom("a", "b", "c");
  const requests = fc.array(
    fc.record({
      passedMs: fc.nat(800),
      address: keys,
      client: keys,
      cost: fc.integer({ min: 0, max: 6 }),
      difference: fc.option(fc.integer({ min: 0, max: 12 })),
    }),
    { maxLength: 200 },
  );
  fc.assert(
    fc.property(requests, (trace) => {
      let nowMs = 0;
      const store = new MemoryStore(1_000, () => nowMs);
      const admitted = new Map<string, number>();
      for (const { passedMs, address, client, cost, difference } of trace) {
        nowMs += passedMs;
        const charges = levels.map((level) => ({ ...level, key: level.level === "address" ? address : client }));
        if (difference !== null) {
          store.settle(charges, difference);
        } else if (store.take(charges, cost).isAllowed) {
          for (const {
            level,
            key,
            limit: { burst, refillPerSecond },
          } of charges) {
            const total = (admitted.get(level + key) ?? 0) + cost;
            admitted.set(level + key, total);
            expect(total).toBeLessThanOrEqual(burst + (refillPerSecond * nowMs) / 1000 + 1e-9);
          }
        }
      }
    }),
  );
});
