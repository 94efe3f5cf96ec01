import { describe, expect, it } from "vitest";
import { ConcurrencyLimit } from "../../../src/admission/concurrency-limit.ts";

describe("ConcurrencyLimit", () => {
  it("gives as many permits as the limit says, and no more", () => {
    const limit = new ConcurrencyLimit(2);
    expect(limit.tryAcquire()).not.toBeNull();
    expect(limit.tryAcquire()).not.toBeNull();
    expect(limit.tryAcquire()).toBeNull();
    expect(limit.inUse).toBe(2);
  });

  it("takes a permit back once, however often it is released", () => {
    const limit = new ConcurrencyLimit(1);
    const permit = limit.tryAcquire();
    permit?.release();
    permit?.release();
    expect(limit.inUse).toBe(0);
    expect(limit.tryAcquire()).not.toBeNull();
    expect(limit.tryAcquire()).toBeNull();
  });

  it("suggests to come back after the time that permits were held lately", () => {
    const limit = new ConcurrencyLimit(1);
    for (let request = 0; request < 200; request++) {
      limit.tryAcquire(1_000)?.release(1_040);
    }
    expect(limit.retryAfterMs).toBeCloseTo(40, 0);
  });
});
