import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { RunLimit } from "../../../src/processes/run-limit.ts";

const limitMs = 2000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Of a process whose only thread waits this share of its time for a processor. */
function startLimit(share: () => number) {
  let waitedMs = 0;
  let lookedAt = performance.now();
  const exceeded = { afterMs: Number.NaN };
  const startedAt = performance.now();
  const looks: number[] = [];
  const limit = new RunLimit({
    pid: 1,
    limitMs,
    onExceeded: () => {
      exceeded.afterMs = performance.now() - startedAt;
    },
    readSchedules: () => {
      waitedMs += (performance.now() - lookedAt) * share();
      lookedAt = performance.now();
      looks.push(lookedAt);
      return new Map([["1", { waitedMs, ranMs: lookedAt - waitedMs, isRunnable: true }]]);
    },
  });
  return { limit, exceeded, looks };
}

test("a process that waits for no processor has its limit and not a millisecond more", () => {
  const { exceeded } = startLimit(() => 0);
  vi.advanceTimersByTime(limitMs - 1);
  expect(exceeded.afterMs).toBeNaN();
  vi.advanceTimersByTime(1);
  expect(exceeded.afterMs).toBe(limitMs);
});

test("what it waits after the first look is added", () => {
  const { exceeded } = startLimit(() => 0.5);
  vi.advanceTimersByTime(60_000);
  // A quarter counts in full, the rest takes twice as long.
  const expectedMs = limitMs / 4 + 2 * ((limitMs * 3) / 4);
  expect(exceeded.afterMs).toBeGreaterThanOrEqual(expectedMs);
  expect(exceeded.afterMs).toBeLessThan(expectedMs + limitMs / 100);
});

test("one that gets no processor at all has five times its limit", () => {
  const { exceeded } = startLimit(() => 1);
  vi.advanceTimersByTime(60_000);
  expect(exceeded.afterMs).toBe(5 * limitMs);
});

test("one that gets a processor again has what is left", () => {
  const start = performance.now();
  const { exceeded } = startLimit(() => (performance.now() - start <= 5000 ? 1 : 0));
  vi.advanceTimersByTime(60_000);
  expect(exceeded.afterMs).toBe(5000 + (limitMs * 3) / 4);
});

test("a sign of progress begins the limit anew, and an end ends it; runs that are short are not looked at", () => {
  const { limit, exceeded, looks } = startLimit(() => 0);
  vi.advanceTimersByTime(limitMs / 4 - 1);
  expect(looks).toEqual([]);
  vi.advanceTimersByTime(limitMs / 2);
  limit.restart();
  vi.advanceTimersByTime(limitMs - 1);
  expect(exceeded.afterMs).toBeNaN();
  limit.end();
  vi.advanceTimersByTime(60_000);
  expect(exceeded.afterMs).toBeNaN();
  expect(vi.getTimerCount()).toBe(0);
});
