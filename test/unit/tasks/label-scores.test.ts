import fc from "fast-check";
import { expect, test } from "vitest";
import { ServiceError } from "../../../src/errors.ts";
import { toLabelScores } from "../../../src/tasks/label-scores.ts";

const labels = ["non_toxic", "toxic"];

test("logits become the softmax over the labels, in their order", () => {
  const scores = toLabelScores(Float32Array.of(1, 3), labels);
  expect(scores.map(({ label }) => label)).toEqual(labels);
  expect(scores[1]?.score).toBeCloseTo(1 / (1 + Math.exp(-2)), 12);
});

test("any finite logits give scores from 0 to 1 that sum to 1 and keep their order", () => {
  const logit = fc.float({ noNaN: true, noDefaultInfinity: true });
  fc.assert(
    fc.property(fc.array(logit, { minLength: 1, maxLength: 20 }), (logits) => {
      const names = logits.map((_, index) => `label ${index}`);
      const scores = toLabelScores(Float32Array.from(logits), names).map(({ score }) => score);
      expect(scores.every((score) => score >= 0 && score <= 1)).toBe(true);
      expect(scores.reduce((sum, score) => sum + score, 0)).toBeCloseTo(1, 9);
      expect(scores[logits.indexOf(Math.max(...logits))]).toBe(Math.max(...scores));
    }),
  );
});

test("logits far beyond what an exponent can hold are no problem", () => {
  expect(toLabelScores(Float32Array.of(3e38, -3e38), labels).map(({ score }) => score)).toEqual([1, 0]);
  expect(toLabelScores(Float32Array.of(-3e38, -3e38), labels).map(({ score }) => score)).toEqual([0.5, 0.5]);
});

test.each([
  ["not a number", [Number.NaN, 0]],
  ["infinite", [0, Number.POSITIVE_INFINITY]],
  ["infinite below zero", [0, Number.NEGATIVE_INFINITY]],
  ["infinite on both sides", [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]],
  ["all infinite below zero", [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]],
  ["too few", [1]],
  ["too many", [1, 2, 3]],
  ["absent", []],
])("logits that are %s are an invalid prediction whose facts hold the numbers", (_, logits) => {
  expect(refusalOf(logits)).toMatchObject({
    code: "invalid_prediction",
    facts: { logits: logits.map(String), outputs: logits.length, labels: 2 },
  });
});

test("an answer of a wrong shape is refused whatever its size, and only its first numbers are kept", () => {
  const refusal = refusalOf(Array.from({ length: 1_000_000 }, () => 1));
  expect(refusal).toMatchObject({ code: "invalid_prediction", facts: { outputs: 1_000_000, labels: 2 } });
  expect(refusal.facts["logits"]).toHaveLength(16);
});

function refusalOf(logits: readonly number[]): ServiceError {
  try {
    toLabelScores(Float32Array.from(logits), labels);
  } catch (error) {
    if (error instanceof ServiceError) {
      return error;
    }
    throw error;
  }
  throw new Error("the logits were accepted");
}
