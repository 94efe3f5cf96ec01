import * as fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import {
  type BucketState,
  type Limit,
  settle,
  standing,
  take,
} from "../../../../src/admission/rate-limit/token-bucket.ts";

const limit: Limit = { burst: 10, refillPerSecond: 2 };
const startMs = 1_000;
const empty: BucketState = { tokens: 0, updatedMs: startMs };

describe("take", () => {
  it("empties a bucket that nobody used, and no further", () => {
    const { state, waitMs } = take(undefined, limit, startMs, 10);
    expect({ state, waitMs }).toEqual({ state: empty, waitMs: 0 });
    expect(take(state, limit, startMs, 1).waitMs).toBe(500);
  });

  it("leaves a bucket as it is when the tokens are not there", () => {
    expect(take(empty, limit, startMs + 499, 1)).toEqual({ state: empty, waitMs: 1 });
    expect(take(empty, limit, startMs + 500, 1)).toEqual({ state: { tokens: 0, updatedMs: startMs + 500 }, waitMs: 0 });
  });

  it("fills a bucket up to its burst, however long nobody comes", () => {
    expect(take(empty, limit, startMs + 86_400_000, 3).state.tokens).toBe(7);
  });

  it("takes a cost above the burst from a full bucket, as the burst", () => {
    expect(take(undefined, limit, startMs, 25)).toEqual({ state: empty, waitMs: 0 });
    expect(take({ tokens: 9, updatedMs: startMs }, limit, startMs, 25).waitMs).toBe(500);
  });

  it("follows a limit that was lowered or raised in the meantime", () => {
    const full = { tokens: 10, updatedMs: startMs };
    expect(take(full, { burst: 4, refillPerSecond: 2 }, startMs, 5).state.tokens).toBe(0);
    expect(take(full, { burst: 40, refillPerSecond: 20 }, startMs, 20).waitMs).toBe(500);
  });

  it("gives nothing and takes nothing when the clock was set back, and goes on from there", () => {
    const later = { tokens: 3, updatedMs: startMs + 3_600_000 };
    expect(take(later, limit, startMs, 3).state).toEqual(empty);
    const refused = take(later, limit, startMs, 4);
    expect(refused).toEqual({ state: { tokens: 3, updatedMs: startMs }, waitMs: 500 });
    expect(take(refused.state, limit, startMs + 500, 4).waitMs).toBe(0);
  });
});

describe("settle", () => {
  it("takes what was used beyond what had been taken, down to a debt of one burst", () => {
    expect(settle(empty, limit, startMs, 4)).toEqual({ state: { tokens: -4, updatedMs: startMs }, waitMs: 2_000 });
    expect(settle(empty, limit, startMs, 1e6).state.tokens).toBe(-10);
  });

  it("gives back what was not used, up to the burst", () => {
    expect(settle(empty, limit, startMs, -4)).toEqual({ state: { tokens: 4, updatedMs: startMs }, waitMs: 0 });
    expect(settle(empty, limit, startMs, -1e6).state.tokens).toBe(10);
    expect(settle(undefined, limit, startMs, -1).state.tokens).toBe(10);
  });

  it("leaves a debt that is paid before anything else is given", () => {
    const { state } = settle(empty, limit, startMs, 4);
    expect(take(state, limit, startMs, 1).waitMs).toBe(2_500);
  });
});

describe("standing", () => {
  it("tells whole tokens and the time until the bucket is full", () => {
    expect(standing({ tokens: 3.9, updatedMs: startMs }, limit, startMs)).toEqual({ remaining: 3, resetMs: 3_050 });
    expect(standing({ tokens: -4, updatedMs: startMs }, limit, startMs)).toEqual({ remaining: 0, resetMs: 7_000 });
  });
});

const yearSeconds = 365 * 86_400;
const limits = fc
  .record({
    burst: fc.oneof(fc.integer({ min: 1, max: 1_000_000 }), fc.double({ min: 1, max: 1e9, noNaN: true })),
    secondsToFill: fc.double({ min: 1, max: yearSeconds, noNaN: true }),
    isWhole: fc.boolean(),
  })
  .map(({ burst, secondsToFill, isWhole }) => {
    const refillPerSecond = burst / secondsToFill;
    return { burst, refillPerSecond: isWhole ? Math.ceil(refillPerSecond) : refillPerSecond };
  });
const states = (burst: number): fc.Arbitrary<BucketState> =>
  fc.record({
    tokens: fc.double({ min: -burst, max: burst, noNaN: true }),
    updatedMs: fc.integer({ min: 0, max: 2e12 }),
  });
const takes = limits.chain((some) =>
  fc.record({
    limit: fc.constant(some),
    state: states(some.burst),
    elapsedMs: fc.integer({ min: -1_000, max: 100_000 }),
    cost: fc.double({ min: 0, max: 2 * some.burst, noNaN: true }),
  }),
);

test("whoever waits as long as told gets in, and nobody who comes a millisecond earlier", () => {
  fc.assert(
    fc.property(takes, ({ limit: some, state, elapsedMs, cost }) => {
      const nowMs = state.updatedMs + elapsedMs;
      const { state: refused, waitMs } = take(state, some, nowMs, cost);
      fc.pre(waitMs > 0);
      expect(take(refused, some, nowMs + waitMs, cost).waitMs).toBe(0);
      expect(take(refused, some, nowMs + waitMs - 1, cost).waitMs).toBe(1);
    }),
    { numRuns: 2_000 },
  );
});

const steps = fc.array(
  fc.record({
    // Now and then a clock that is set back.
    passedMs: fc.oneof(
      { weight: 9, arbitrary: fc.nat(2_000) },
      { weight: 1, arbitrary: fc.integer({ min: -5_000, max: 0 }) },
    ),
    isSettled: fc.boolean(),
    amount: fc.double({ min: 0, max: 30, noNaN: true }),
    sign: fc.constantFrom(-1, 1),
  }),
  { minLength: 1, maxLength: 200 },
);

test("never more is admitted than burst + rate × time and what was given back", () => {
  fc.assert(
    fc.property(steps, (trace) => {
      let nowMs = startMs;
      let passedMs = 0;
      let state: BucketState | undefined;
      let admitted = 0;
      let givenBack = 0;
      for (const { passedMs: step, isSettled, amount, sign } of trace) {
        nowMs += step;
        passedMs += Math.max(0, step);
        if (isSettled) {
          ({ state } = settle(state, limit, nowMs, sign * amount));
          givenBack += sign < 0 ? amount : 0;
        } else {
          const taken = take(state, limit, nowMs, amount);
          ({ state } = taken);
          admitted += taken.waitMs === 0 ? Math.min(amount, limit.burst) : 0;
        }
        expect(admitted).toBeLessThanOrEqual(10 + (2 * passedMs) / 1000 + givenBack + 1e-9);
        expect(state.tokens).toBeGreaterThanOrEqual(-limit.burst);
        expect(state.tokens).toBeLessThanOrEqual(limit.burst);
      }
    }),
  );
});
