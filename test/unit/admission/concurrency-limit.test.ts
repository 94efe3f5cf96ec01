import { describe, expect, it } from "vitest";
import { ConcurrencyLimit } from "../../../src/admission/concurrency-limit.ts";

const address = "192.0.2.1";

describe("ConcurrencyLimit", () => {
  it("gives as many permits as the limit says, and no more", () => {
    const limit = new ConcurrencyLimit(() => 2);
    expect(limit.tryAcquire(address)).not.toBeNull();
    expect(limit.tryAcquire(address)).not.toBeNull();
    expect(limit.tryAcquire(address)).toBeNull();
    expect(limit.inUse).toBe(2);
  });

  it("keeps permits for others when one address takes all it gets", () => {
    const limit = new ConcurrencyLimit(() => 9);
    const taken = Array.from({ length: 9 }, () => limit.tryAcquire(address)).filter((permit) => permit !== null);
    expect(taken).toHaveLength(6);
    expect(limit.tryAcquire("192.0.2.2")).not.toBeNull();
    taken[0]?.release();
    expect(limit.tryAcquire(address)).not.toBeNull();
  });

  it("takes a permit back once, however often it is released", () => {
    const limit = new ConcurrencyLimit(() => 1);
    const permit = limit.tryAcquire(address);
    permit?.release();
    permit?.release();
    expect(limit.inUse).toBe(0);
    expect(limit.tryAcquire(address)).not.toBeNull();
    expect(limit.tryAcquire(address)).toBeNull();
  });

  it("suggests to come back after the time that permits were held lately", () => {
    const limit = new ConcurrencyLimit(() => 1);
    for (let request = 0; request < 200; request++) {
      limit.tryAcquire(address, 1_000)?.release(1_040);
    }
    expect(limit.retryAfterMs).toBeCloseTo(40, 0);
  });
});

describe("permits of a route", () => {
  it("leave an eighth of all to other routes, whoever holds them, and are given back", () => {
    const limit = new ConcurrencyLimit(() => 16);
    const permits = Array.from({ length: 14 }, (_, index) => limit.tryAcquire(`192.0.2.${index}`, 0, "/v1/classify"));
    expect(permits).not.toContain(null);
    expect(limit.tryAcquire("192.0.2.99", 0, "/v1/classify")).toBeNull();
    expect(limit.tryAcquire("192.0.2.99", 0, "/v1/transcribe")).not.toBeNull();
    permits[0]?.release(1);
    permits[0]?.release(1);
    expect(limit.tryAcquire("192.0.2.99", 0, "/v1/classify")).not.toBeNull();
    expect(limit.tryAcquire("192.0.2.98", 0, "/v1/classify")).toBeNull();
  });

  it("are all there are where there are few", () => {
    const limit = new ConcurrencyLimit(() => 7);
    const permits = Array.from({ length: 7 }, (_, index) => limit.tryAcquire(`192.0.2.${index}`, 0, "/v1/classify"));
    expect(permits).not.toContain(null);
  });
});
