import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  type Charge,
  type Decision,
  type LosableStore,
  StoreUnavailableError,
} from "../../../../src/admission/rate-limit/bucket-store.ts";
import { FallbackStore, type StateChange } from "../../../../src/admission/rate-limit/fallback-store.ts";
import { MemoryStore } from "../../../../src/admission/rate-limit/memory-store.ts";

/** A shared store that can be lost at will. */
class FakeShared implements LosableStore {
  readonly #memory = new MemoryStore(1_000, () => 0);
  lostReason: string | null;
  calls = 0;
  probes = 0;
  isClosed = false;

  constructor(lostReason: string | null = null) {
    this.lostReason = lostReason;
  }

  async take(charges: readonly Charge[], cost: number): Promise<Decision> {
    this.calls++;
    this.#throwIfLost();
    return this.#memory.take(charges, cost);
  }

  async settle(charges: readonly Charge[], difference: number): Promise<Decision> {
    this.calls++;
    this.#throwIfLost();
    return this.#memory.settle(charges, difference);
  }

  async probe(): Promise<void> {
    this.probes++;
    this.#throwIfLost();
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  #throwIfLost(): void {
    if (this.lostReason !== null) {
      throw new StoreUnavailableError(this.lostReason);
    }
  }
}

const charges: readonly Charge[] = [{ level: "client", key: "ada", limit: { burst: 10, refillPerSecond: 1 } }];
const back = { isShared: true, reason: null };
let changes: StateChange[] = [];

function start(shared: LosableStore, localShare = 0.5): Promise<FallbackStore> {
  return FallbackStore.start({
    shared,
    local: new MemoryStore(1_000, () => 0),
    localShare: () => localShare,
    onStateChange: (change) => changes.push(change),
  });
}

beforeEach(() => {
  changes = [];
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});

afterEach(() => {
  vi.useRealTimers();
});

test("decisions are shared as long as the shared store makes them", async () => {
  const shared = new FakeShared();
  const store = await start(shared);
  expect(await store.take(charges, 4)).toMatchObject({ isAllowed: true, remaining: 6 });
  expect(await store.settle(charges, 2)).toMatchObject({ remaining: 4 });
  expect(shared.calls).toBe(2);
  expect(changes).toEqual([back]);
});

test("a lost store costs no decision: the local buckets give their share of the limit", async () => {
  const shared = new FakeShared();
  const store = await start(shared);
  shared.lostReason = "timeout";
  const decisions = [];
  for (let request = 0; request < 7; request++) {
    decisions.push(await store.take(charges, 1));
  }
  expect(decisions.filter(({ isAllowed }) => isAllowed)).toHaveLength(5);
  expect(decisions[0]).toMatchObject({ limit: { burst: 5, refillPerSecond: 0.5 } });
  expect(await store.settle(charges, -2)).toMatchObject({ isAllowed: true, remaining: 2 });
});

test("only those who meet the loss ask the lost store, and it is announced once", async () => {
  const shared = new FakeShared();
  const store = await start(shared);
  shared.lostReason = "READONLY";
  await Promise.all([store.take(charges, 1), store.take(charges, 1), store.settle(charges, 1)]);
  await store.take(charges, 1);
  expect(shared.calls).toBe(3);
  expect(changes).toEqual([back, { isShared: false, reason: "READONLY" }]);
});

test("probes find the store again, ever more seldom", async () => {
  const shared = new FakeShared();
  const store = await start(shared);
  shared.lostReason = "ECONNREFUSED";
  await store.take(charges, 1);
  await vi.advanceTimersByTimeAsync(60_000);
  // One at the start, six while the pauses double to 5 s, then one in 2.5 to 5 s.
  expect(shared.probes).toBeGreaterThan(15);
  expect(shared.probes).toBeLessThan(35);
  shared.lostReason = null;
  await vi.advanceTimersByTimeAsync(5_000);
  expect(store.isShared).toBe(true);
  expect(changes).toEqual([back, { isShared: false, reason: "ECONNREFUSED" }, back]);
});

test("a store that comes and goes is not probed anew at the shortest pause", async () => {
  const shared = new FakeShared();
  const store = await start(shared);
  for (let loss = 0; loss < 8; loss++) {
    shared.lostReason = "timeout";
    await store.take(charges, 1);
    shared.lostReason = null;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(store.isShared).toBe(true);
  }
  shared.lostReason = "timeout";
  await store.take(charges, 1);
  await vi.advanceTimersByTimeAsync(2_000);
  const probes = shared.probes;
  shared.lostReason = null;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(probes).toBe(9);
  shared.lostReason = "timeout";
  await store.take(charges, 1);
  await vi.advanceTimersByTimeAsync(100);
  expect(shared.probes).toBe(11);
});

test("a service starts without its shared store, and says so", async () => {
  const shared = new FakeShared("ECONNREFUSED");
  const store = await start(shared);
  expect(changes).toEqual([{ isShared: false, reason: "ECONNREFUSED" }]);
  expect(await store.take(charges, 1)).toMatchObject({ isAllowed: true, remaining: 4 });
  shared.lostReason = null;
  await vi.advanceTimersByTimeAsync(100);
  expect(changes.at(-1)).toEqual(back);
});

test("at a small share, a request at a time still gets in", async () => {
  const store = await start(new FakeShared("ECONNREFUSED"), 0.01);
  expect(await store.take(charges, 1)).toMatchObject({ isAllowed: true });
  expect(await store.take(charges, 1)).toMatchObject({ isAllowed: false, retryAfterMs: 100_000 });
});

test("another shared store takes over without a failed decision", async () => {
  const previous = new FakeShared();
  const next = new FakeShared();
  const store = await start(previous);
  await store.replaceShared(next);
  expect(previous.isClosed).toBe(true);
  await store.take(charges, 1);
  expect(next.calls).toBe(1);
  expect(changes).toEqual([back]);
});

test("while the old store is lost, another one is looked for at once", async () => {
  const store = await start(new FakeShared("WRONGPASS"));
  await store.replaceShared(new FakeShared());
  await vi.advanceTimersByTimeAsync(100);
  expect(store.isShared).toBe(true);
});

test("nothing is probed after the end", async () => {
  const shared = new FakeShared("ECONNREFUSED");
  const store = await start(shared);
  await store.close();
  shared.lostReason = null;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(shared.probes).toBe(1);
  expect(shared.isClosed).toBe(true);
});
