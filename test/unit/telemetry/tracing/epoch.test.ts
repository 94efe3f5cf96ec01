import { expect, test } from "vitest";
import { epochOffset, toHrTime } from "../../../../src/telemetry/tracing/epoch.ts";

const origin = 1_700_000_000_000.25;

test("the exact origin of the process's clock holds as long as the time of day agrees with it", () => {
  expect(epochOffset(500, origin + 500, origin)).toBe(origin);
  expect(epochOffset(500, Math.floor(origin + 500), origin)).toBe(origin);
  expect(epochOffset(500, origin + 540, origin)).toBe(origin);
});

test("a time of day that was set since counts from then on", () => {
  expect(epochOffset(500, origin + 3_600_500, origin)).toBe(origin + 3_600_000);
  expect(epochOffset(500, origin - 500, origin)).toBe(origin - 1_000);
});

test("times keep their fractions of a millisecond, and never count a whole second as nanoseconds", () => {
  expect(toHrTime(1_500.25)).toEqual([1, 500_250_000]);
  expect(toHrTime(1_999.999_999_9)).toEqual([1, 999_999_999]);
  expect(toHrTime(2_000)).toEqual([2, 0]);
});
