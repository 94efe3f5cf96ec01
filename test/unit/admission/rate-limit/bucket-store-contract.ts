import { expect, it } from "vitest";
import type { BucketStore, Charge } from "../../../../src/admission/rate-limit/bucket-store.ts";

export interface StoreUnderTest extends AsyncDisposable {
  readonly store: BucketStore;
  /** Lets at least so much time pass on the clock of the store. */
  pass(ms: number): Promise<void>;
}

/**
 * What every store promises. Its clock may run on by itself: no bucket here refills in the time of a test, unless that waits
 * for it.
 */
export function itKeepsTheContract(open: () => Promise<StoreUnderTest>): void {
  it("admits what the bucket holds and refuses the rest", async () => {
    await using opened = await open();
    const charges = [charge("client", "ada", 3)];
    const decisions = [];
    for (let request = 0; request < 5; request++) {
      decisions.push(await opened.store.take(charges, 1));
    }
    expect(decisions.map(({ isAllowed }) => isAllowed)).toEqual([true, true, true, false, false]);
    expect(decisions.map(({ remaining }) => remaining)).toEqual([2, 1, 0, 0, 0]);
    expect(decisions[0]).toMatchObject({ level: "client", limit: charges[0]?.limit, retryAfterMs: 0 });
  });

  it("lets in whoever waits as long as told", async () => {
    await using opened = await open();
    const charges = [charge("client", "ada", 1, 20)];
    await opened.store.take(charges, 1);
    const { isAllowed, retryAfterMs } = await opened.store.take(charges, 1);
    expect(isAllowed).toBe(false);
    expect(retryAfterMs).toBeGreaterThan(0);
    expect(retryAfterMs).toBeLessThanOrEqual(50);
    await opened.pass(retryAfterMs);
    expect(await opened.store.take(charges, 1)).toMatchObject({ isAllowed: true });
  });

  it("keeps the buckets of different keys and levels apart", async () => {
    await using opened = await open();
    await opened.store.take([charge("client", "ada", 5)], 5);
    expect(await opened.store.take([charge("client", "bob", 5)], 5)).toMatchObject({ isAllowed: true });
    expect(await opened.store.take([charge("address", "ada", 5)], 5)).toMatchObject({ isAllowed: true });
  });

  it("charges all levels or none", async () => {
    await using opened = await open();
    const address = charge("address", "192.0.2.1", 10);
    const client = charge("client", "ada", 4);
    expect(await opened.store.take([address, client], 3)).toMatchObject({
      isAllowed: true,
      level: "client",
      remaining: 1,
    });
    expect(await opened.store.take([address, client], 2)).toMatchObject({ isAllowed: false, level: "client" });
    expect(await opened.store.take([address], 7)).toMatchObject({ isAllowed: true, remaining: 0 });
  });

  it("tells of the level that takes longest when several refuse", async () => {
    await using opened = await open();
    const slow = charge("address", "192.0.2.1", 2, 0.001);
    const fast = charge("client", "ada", 1, 0.01);
    await opened.store.take([slow], 2);
    await opened.store.take([fast], 1);
    expect(await opened.store.take([fast, slow], 1)).toMatchObject({ isAllowed: false, level: "address" });
  });

  it("takes a cost above the burst of one level as the burst of that level only", async () => {
    await using opened = await open();
    const address = charge("address", "192.0.2.1", 10);
    const client = charge("client", "ada", 4);
    expect(await opened.store.take([address, client], 7)).toMatchObject({
      isAllowed: true,
      level: "client",
      remaining: 0,
    });
    expect(await opened.store.take([address], 3)).toMatchObject({ isAllowed: true, remaining: 0 });
  });

  it("settles what was used beyond what had been taken, as debt", async () => {
    await using opened = await open();
    const charges = [charge("client", "ada", 4, 0.01)];
    await opened.store.take(charges, 1);
    expect(await opened.store.settle(charges, 2)).toMatchObject({ isAllowed: true, remaining: 1 });
    const { isAllowed, retryAfterMs } = await opened.store.settle(charges, 3);
    expect(isAllowed).toBe(false);
    expect(retryAfterMs).toBeGreaterThan(190_000);
    expect(retryAfterMs).toBeLessThanOrEqual(200_000);
    expect((await opened.store.take(charges, 1)).retryAfterMs).toBeGreaterThan(retryAfterMs);
  });

  it("gives back what was not used, up to the burst", async () => {
    await using opened = await open();
    const charges = [charge("client", "ada", 4)];
    await opened.store.take(charges, 4);
    expect(await opened.store.settle(charges, -3)).toMatchObject({ isAllowed: true, remaining: 3 });
    expect(await opened.store.settle(charges, -100)).toMatchObject({ remaining: 4, resetMs: 0 });
  });

  it("follows a limit that changes between two requests", async () => {
    await using opened = await open();
    await opened.store.take([charge("client", "ada", 10)], 4);
    expect(await opened.store.take([charge("client", "ada", 3)], 1)).toMatchObject({ isAllowed: true, remaining: 2 });
  });

  it("never admits more than the burst at once, whoever comes first", async () => {
    await using opened = await open();
    const address = charge("address", "192.0.2.1", 25);
    const decisions = await Promise.all(
      Array.from({ length: 60 }, async (_, request) =>
        opened.store.take([charge("client", `${request % 6}`, 10), address], 1),
      ),
    );
    expect(decisions.filter(({ isAllowed }) => isAllowed)).toHaveLength(25);
  });
}

/** Hardly refills in the time of a test. */
function charge(level: string, key: string, burst: number, refillPerSecond = 0.001): Charge {
  return { level, key, limit: { burst, refillPerSecond } };
}
