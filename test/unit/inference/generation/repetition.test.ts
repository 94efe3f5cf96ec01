import fc from "fast-check";
import { expect, test } from "vitest";
import { RepetitionGuard } from "../../../../src/inference/generation/repetition.ts";

test.each([1, 2, 5, 8, 20, 50])(
  "a pattern of %i tokens is a loop after its fourth round and 24 repeated tokens",
  (period) => {
    const pattern = Array.from({ length: period }, (_, index) => 100 + index);
    const certain = period + Math.max(24, 3 * period);
    expect(loopAt([1, 2, 3, ...repeat(pattern, certain)])).toBe(3 + certain);
  },
);

test("a few repeated words are no loop", () => {
  expect(loopAt([...repeat([7, 8], 16), 1, 2, ...repeat([7, 8], 16), 3, ...repeat([9], 12)])).toBeNull();
});

test("a chorus that comes three times is no loop", () => {
  const chorus = Array.from({ length: 40 }, (_, index) => index);
  expect(loopAt(repeat(chorus, 3 * 40))).toBeNull();
});

test("a pattern that is broken has to begin anew", () => {
  expect(loopAt([...repeat([1, 2, 3], 26), 9, ...repeat([1, 2, 3], 26)])).toBeNull();
});

test("text in which no token comes twice is never a loop", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(50_000), { maxLength: 224 }), (tokenIds) => {
      expect(loopAt(tokenIds)).toBeNull();
    }),
    { numRuns: 20 },
  );
});

/** How many tokens had been pushed when the loop was noticed, or null. */
function loopAt(tokenIds: readonly number[]): number | null {
  const guard = new RepetitionGuard();
  const index = tokenIds.findIndex((tokenId) => guard.push(tokenId));
  return index === -1 ? null : index + 1;
}

/** The pattern over and over, cut after so many tokens. */
function repeat(pattern: readonly number[], tokens: number): number[] {
  return Array.from({ length: tokens }, (_, index) => pattern[index % pattern.length]!);
}
