import fc from "fast-check";
import { expect, test } from "vitest";
import { decideRestart } from "../../../src/processes/restart-policy.ts";

const settings = { backoffInitialMs: 200, backoffMaxMs: 3000, giveUpAfterFailures: 8, giveUpRetryMs: 60_000 };

test("without a failure the next process is started at once", () => {
  expect(decideRestart(0, settings, 0.5)).toEqual({ delayMs: 0, hasGivenUp: false });
});

test("the wait doubles with each failure up to its maximum", () => {
  const longest = [1, 2, 3, 4, 5, 6, 7].map((failures) => decideRestart(failures, settings, 0.999_999).delayMs);
  expect(longest.map(Math.round)).toEqual([200, 400, 800, 1600, 3000, 3000, 3000]);
});

test("chance takes away up to half of the wait, so that replicas do not start in step", () => {
  expect(decideRestart(1, settings, 0).delayMs).toBe(100);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 7 }), fc.double({ min: 0, max: 0.999, noNaN: true }), (failures, random) => {
      const { delayMs } = decideRestart(failures, settings, random);
      const whole = Math.min(3000, 200 * 2 ** (failures - 1));
      expect(delayMs).toBeGreaterThanOrEqual(whole / 2);
      expect(delayMs).toBeLessThan(whole);
    }),
  );
});

test("after the given number of failures it gives up and goes on slowly, however many follow", () => {
  expect(decideRestart(7, settings, 0.5).hasGivenUp).toBe(false);
  for (const failures of [8, 9, 5000]) {
    expect(decideRestart(failures, settings, 0.5)).toEqual({ delayMs: 60_000, hasGivenUp: true });
  }
});

test("the wait stays a number that a timer can hold after very many failures", () => {
  const patient = { ...settings, giveUpAfterFailures: 1_000_000 };
  expect(decideRestart(5000, patient, 0.999).delayMs).toBeLessThanOrEqual(3000);
});
