import fc from "fast-check";
import { expect, test } from "vitest";
import {
  afterFailure,
  type Breaker,
  type BreakerSettings,
  closedBreaker,
  mayTry,
} from "../../../src/health/circuit-breaker.ts";

const settings: BreakerSettings = { openAfter: 3, initialMs: 100, maxMs: 1_000 };

test("the first failures close nothing; from then on each waits twice as long, up to the limit", () => {
  let breaker = closedBreaker;
  const waits: number[] = [];
  for (let failure = 0; failure < 8; failure++) {
    breaker = afterFailure(breaker, 0, settings);
    waits.push(Math.max(0, breaker.opensUntil));
  }
  expect(waits).toEqual([0, 0, 100, 200, 400, 800, 1_000, 1_000]);
});

const anySettings = fc.record({
  openAfter: fc.integer({ min: 1, max: 10 }),
  initialMs: fc.integer({ min: 1, max: 10_000 }),
  maxMs: fc.integer({ min: 10_000, max: 1_000_000 }),
});

test("however often it fails, it may be tried again after `maxMs` at the latest, and waits never get shorter", () => {
  fc.assert(
    fc.property(
      anySettings,
      fc.integer({ min: 1, max: 3_000 }),
      fc.double({ min: 0, max: 1e9, noNaN: true }),
      failOften,
    ),
  );
});

function failOften(each: BreakerSettings, failures: number, now: number): void {
  let breaker: Breaker = closedBreaker;
  let lastWait = 0;
  for (let failure = 1; failure <= failures; failure++) {
    breaker = afterFailure(breaker, now, each);
    expect(mayTry(breaker, now)).toBe(failure < each.openAfter);
    expect(mayTry(breaker, now + each.maxMs)).toBe(true);
    const wait = Math.max(0, breaker.opensUntil - now);
    // The clock is in floating point.
    expect(wait).toBeGreaterThanOrEqual(lastWait - 1e-3);
    lastWait = wait;
  }
  expect(mayTry(closedBreaker, now)).toBe(true);
}
