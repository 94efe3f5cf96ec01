import fc from "fast-check";
import { expect, test } from "vitest";
import { chooseByChance, chooseLikeliest } from "../../../../src/inference/generation/token-choice.ts";
import { randomNumbers } from "../../../helpers/random-numbers.ts";

const logitRows = fc
  .array(fc.float({ min: -40, max: 40, noNaN: true }), { minLength: 1, maxLength: 50 })
  .map((logits) => Float32Array.from(logits));

test("the likeliest token has the highest logit, and the first of equals is taken", () => {
  expect(chooseLikeliest(Float32Array.of(-3, 5, 2, 5)).tokenId).toBe(1);
  fc.assert(
    fc.property(logitRows, (logits) => {
      expect(chooseLikeliest(logits).tokenId).toBe(logits.indexOf(Math.max(...logits)));
    }),
  );
});

test("a log-probability is that of the softmax, but for tokens too unlikely to count", () => {
  fc.assert(
    fc.property(logitRows, (logits) => {
      const { tokenId, logProbability } = chooseLikeliest(logits);
      expect(logProbability).toBeCloseTo(logSoftmax(logits)[tokenId]!, 3);
    }),
  );
});

test("a token that is the only possible one is certain", () => {
  const logits = Float32Array.of(Number.NEGATIVE_INFINITY, 2, Number.NEGATIVE_INFINITY);
  expect(chooseLikeliest(logits)).toEqual({ tokenId: 1, logProbability: 0 });
  expect(chooseByChance(logits, 1, () => 0.99)).toEqual({ tokenId: 1, logProbability: 0 });
});

test.each([[[Number.NaN, Number.NaN]], [[Number.POSITIVE_INFINITY, 1]]])(
  "logits that are no numbers give no log-probability that passes for one: %j",
  (logits) => {
    expect(chooseLikeliest(Float32Array.from(logits)).logProbability).not.toBeLessThanOrEqual(0);
  },
);

test.each([0.5, 1, 2])("at temperature %d tokens are drawn as often as they are likely", (temperature) => {
  const logits = Float32Array.of(0, 1, Number.NEGATIVE_INFINITY, 2);
  const random = randomNumbers(7);
  const counts = [0, 0, 0, 0];
  for (let draw = 0; draw < 20_000; draw++) {
    counts[chooseByChance(logits, temperature, random).tokenId]! += 1;
  }
  const expected = logSoftmax(logits.map((logit) => logit / temperature)).map(Math.exp);
  for (const [tokenId, probability] of expected.entries()) {
    expect(Math.abs(counts[tokenId]! / 20_000 - probability)).toBeLessThan(0.015);
  }
  expect(counts[2]).toBe(0);
});

test("a drawn token's log-probability is the one at temperature 1", () => {
  const logits = Float32Array.of(0, 1, 2);
  const { tokenId, logProbability } = chooseByChance(logits, 5, () => 0);
  expect(tokenId).toBe(0);
  expect(logProbability).toBeCloseTo(logSoftmax(logits)[0]!, 5);
});

test("the likeliest token is taken when rounding leaves nothing to draw from", () => {
  const logits = Float32Array.of(5, 5);
  expect(chooseByChance(logits, 1, () => 1).tokenId).toBe(0);
});

function logSoftmax(logits: Float32Array): number[] {
  const highest = Math.max(...logits);
  const sum = Array.from(logits, (logit) => Math.exp(logit - highest)).reduce((total, each) => total + each, 0);
  return Array.from(logits, (logit) => logit - highest - Math.log(sum));
}
