import { expect, test } from "vitest";
import { arrivalTimes, seededRandom } from "../../../../bench/load/arrivals.ts";

test("constant arrivals are evenly spaced and end before the time is over", () => {
  expect([...arrivalTimes("constant", 4, 1, () => 0)]).toEqual([250, 500, 750]);
});

test("Poisson arrivals come at the asked rate, with gaps that spread like an exponential's", () => {
  const times = arrivalTimes("poisson", 100, 100, seededRandom(7));
  const gaps = times.map((time, index) => time - (times[index - 1] ?? 0));
  const mean = gaps.reduce((total, gap) => total + gap, 0) / gaps.length;
  const variance = gaps.reduce((total, gap) => total + (gap - mean) ** 2, 0) / gaps.length;
  expect(times.length).toBeGreaterThan(9_600);
  expect(times.length).toBeLessThan(10_400);
  expect(Math.sqrt(variance) / mean).toBeCloseTo(1, 1);
  expect(gaps.every((gap) => gap >= 0)).toBe(true);
});

test("the same seed gives the same numbers, another one others", () => {
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
});

function draw(seed: number): number[] {
  return Array.from({ length: 5 }, seededRandom(seed));
}
