import { expect, test } from "vitest";
import { seededRandom } from "../../../../src/inference/generation/seeded-random.ts";

test("the same seed gives the same numbers, another one others", () => {
  expect(draw(7, 100)).toEqual(draw(7, 100));
  expect(draw(7, 3)).not.toEqual(draw(8, 3));
  expect(draw(0, 3)).not.toEqual(draw(2 ** 32 - 1, 3));
});

test("the numbers are spread from 0 to below 1", () => {
  const numbers = draw(1, 10_000);
  expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...numbers)).toBeLessThan(1);
  for (let tenth = 0; tenth < 10; tenth++) {
    const share = numbers.filter((number) => Math.floor(10 * number) === tenth).length / numbers.length;
    expect(Math.abs(share - 0.1)).toBeLessThan(0.02);
  }
});

function draw(seed: number, count: number): number[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => random());
}
