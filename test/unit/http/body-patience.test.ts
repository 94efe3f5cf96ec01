import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BodyPatience } from "../../../src/http/body-patience.ts";

describe("BodyPatience", () => {
  it("is used up by time", () => {
    const patience = new BodyPatience(30_000, 100, 1_000);
    expect(patience.leftMs(1_000)).toBe(30_000);
    expect(patience.leftMs(30_999)).toBe(1);
    expect(patience.leftMs(31_000)).toBe(0);
  });

  it("is filled by bytes, each worth the time that it may take, and never beyond the first stock", () => {
    const patience = new BodyPatience(30_000, 100, 0);
    patience.received(1_000, 20_000);
    expect(patience.leftMs(20_000)).toBe(20_000);
    patience.received(1_000_000, 20_000);
    expect(patience.leftMs(20_000)).toBe(30_000);
    expect(patience.leftMs(50_000)).toBe(0);
  });

  it("stays as it is while nobody reads", () => {
    const patience = new BodyPatience(30_000, 100, 0);
    patience.pause(10_000);
    patience.pause(15_000);
    expect(patience.leftMs(1_000_000)).toBe(20_000);
    patience.received(100, 1_000_000);
    expect(patience.leftMs(2_000_000)).toBe(21_000);
    patience.resume(2_000_000);
    patience.resume(2_005_000);
    expect(patience.leftMs(2_005_000)).toBe(16_000);
  });

  it("lasts for any upload that keeps to the rate, and for none that stops", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), fc.integer({ min: 1, max: 20_000 }), (rate, stepMs) => {
        const patience = new BodyPatience(30_000, rate, 0);
        let now = 0;
        for (let step = 0; step < 100; step++) {
          now += stepMs;
          expect(patience.leftMs(now)).toBeGreaterThan(0);
          patience.received(Math.ceil((rate * stepMs) / 1000), now);
        }
        expect(patience.leftMs(now + 30_001)).toBeLessThan(0);
      }),
    );
  });
});
