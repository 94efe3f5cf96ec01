import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { median, percentiles, quantile, slope, spread } from "../../../bench/statistics.ts";

const numbers = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }), { minLength: 1 });

describe("quantile", () => {
  test("sorts by value, not by spelling", () => {
    expect(quantile([10, 9, 100], 0)).toBe(9);
    expect(quantile([10, 9, 100], 1)).toBe(100);
  });

  test("interpolates between the two nearest values", () => {
    expect(quantile([0, 10], 0.25)).toBe(2.5);
  });

  test("of no values is NaN", () => {
    expect(quantile([], 0.5)).toBeNaN();
  });

  test("never falls when the share rises, and stays within the values", () => {
    fc.assert(
      fc.property(numbers, fc.double({ min: 0, max: 1, noNaN: true }), (values, q) => {
        expect(quantile(values, q)).toBeGreaterThanOrEqual(Math.min(...values));
        expect(quantile(values, q)).toBeLessThanOrEqual(quantile(values, 1));
      }),
    );
  });
});

test("the median of an even number of values is the mean of the middle two", () => {
  expect(median([4, 1, 3, 2])).toBe(2.5);
});

test("a spread holds the median and both ends", () => {
  expect(spread([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 });
});

test("percentiles of 0 to 100 are their own numbers", () => {
  const values = Float64Array.from({ length: 101 }, (_, value) => 100 - value);
  expect(percentiles(values)).toEqual({ p50: 50, p95: 95, p99: 99, max: 100 });
});

describe("slope", () => {
  test("of points on a line is the line's", () => {
    expect(slope([0, 1, 2, 3].map((x) => ({ x, y: 5 - 2 * x })))).toBeCloseTo(-2, 12);
  });

  test("is not led astray by noise around a flat line", () => {
    expect(slope([1, -1, -1, 1].map((y, x) => ({ x, y })))).toBeCloseTo(0, 12);
  });
});
