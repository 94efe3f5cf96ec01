import { expect, test } from "vitest";
import { Bill, type Payer, textCost } from "../../../src/admission/bill.ts";
import { type BucketStore, StoreUnavailableError } from "../../../src/admission/rate-limit/bucket-store.ts";
import { FallbackStore } from "../../../src/admission/rate-limit/fallback-store.ts";
import { MemoryStore } from "../../../src/admission/rate-limit/memory-store.ts";
import { fakeConfig } from "../../helpers/fake-app.ts";

const few = { burst: 10, refillPerSecond: 1 };
const { rateLimit } = fakeConfig({ rateLimit: { tiers: { default: few, anonymous: few }, routeShare: 0.5 } });
const payer: Payer = { level: "address", name: "192.0.2.1", tier: "anonymous" };

/** What a Redis does that is not there. */
function lost(): Promise<never> {
  return Promise.reject(new StoreUnavailableError("disconnected"));
}

function billFrom(store: BucketStore, leastShare = 1): Bill {
  return new Bill({ store, leastShare }, rateLimit, payer, "/v1/classify");
}

test("texts cost by their number, and by every thousand of tokens", () => {
  const settings = { ...rateLimit, costPerText: 2, costPer1000Tokens: 3 };
  expect(textCost({ texts: 4, tokens: 999 }, settings)).toBe(8);
  expect(textCost({ texts: 4, tokens: 2_000 }, settings)).toBe(14);
});

test("what was paid at the headers is not paid again", async () => {
  const bill = billFrom(new MemoryStore(10, () => 0));
  expect(await bill.open()).toMatchObject({ isAllowed: true, level: "route", remaining: 4 });
  expect(bill.isPaid(1, null)).toBe(true);
  expect(bill.isPaid(2, null)).toBe(false);
  expect(bill.isPaid(1, "shop")).toBe(false);
  expect(await bill.take(1, null)).toBeNull();
  expect(await bill.take(3, null)).toMatchObject({ isAllowed: true, remaining: 2 });
});

test("a cost that is refused has paid for its headers, and gets in after the time that it is told", async () => {
  const store = new MemoryStore(10, () => 0);
  const first = billFrom(store);
  await first.open();
  await first.take(4, "shop");
  const second = billFrom(store);
  await second.open();
  // One is left for the route, which the second has paid, and one for the client, from which it has taken nothing.
  const refused = await second.take(2, "shop");
  expect(refused).toMatchObject({ isAllowed: false, level: "client" });
  const third = billFrom(store);
  expect(await third.open()).toMatchObject({ isAllowed: false });
});

test("whoever is refused for a cost waits for it and for its headers, and no longer", async () => {
  let now = 0;
  const store = new MemoryStore(10, () => now);
  const first = billFrom(store);
  await first.open();
  await first.take(4, null);
  const refused = billFrom(store);
  await refused.open();
  const decision = await refused.take(3, null);
  expect(decision?.isAllowed).toBe(false);
  now = decision?.retryAfterMs ?? 0;
  const again = billFrom(store);
  expect(await again.open()).toMatchObject({ isAllowed: true });
  expect(await again.take(3, null)).toMatchObject({ isAllowed: true });
});

test("no more is given back than was taken: a cost beyond the bucket is partly forgiven", async () => {
  const store = new MemoryStore(10, () => 0);
  const bill = billFrom(store);
  await bill.open();
  // The route has 5: 107 are forgiven.
  expect(await bill.take(112, "shop")).toMatchObject({ isAllowed: true, remaining: 0 });
  await bill.settle(-79);
  expect(await billFrom(store).open()).toMatchObject({ isAllowed: false });
  await bill.settle(-109);
  expect(await billFrom(store).open()).toMatchObject({ isAllowed: true, remaining: 1 });
});

test("while Redis is lost, a cost above the part that is left gets in too", async () => {
  const local = new MemoryStore(10, () => 0);
  const store = await FallbackStore.start({
    shared: { take: lost, settle: lost, probe: lost, close: () => {} },
    local,
    localShare: () => 0.5,
    onStateChange: () => {},
  });
  const bill = billFrom(store, 0.5);
  expect(await bill.open()).toMatchObject({ isAllowed: true });
  expect(await bill.take(32, null)).toMatchObject({ isAllowed: true });
  expect(await billFrom(store, 0.5).open()).toMatchObject({ isAllowed: false });
  await store.close();
});
