import { expect, test } from "vitest";
import { checkAnswers } from "../../../bench/answer-check.ts";
import type { ClassifyAnswer } from "../../../bench/classify-answer.ts";

const encodings = [
  [5, 10, 11, 6],
  [5, 12, 6],
];

function answer(score: number, tokens: number): ClassifyAnswer {
  return { classificationScores: [[{ label: "toxic", score }]], results: [{ tokens }] };
}

function check(answers: readonly ClassifyAnswer[], referenceScores = [0.2, 0.8]) {
  const reference = {
    name: "bare",
    peer: "bare" as const,
    scores: () => Promise.resolve(referenceScores),
    measure: () => Promise.reject(new Error("not measured here")),
  };
  const ours = { ...reference, name: "ours", peer: "ours" as const, answers: () => Promise.resolve(answers) };
  return checkAnswers(ours, [reference], encodings);
}

test("answers within the tolerance and with the reference's token counts pass", async () => {
  const { failures, worstDifference } = await check([answer(0.2, 2), answer(0.795, 1)]);
  expect(failures).toEqual([]);
  expect([...worstDifference.values()][1]).toBeCloseTo(0.005, 6);
});

test("a score outside the tolerance fails", async () => {
  const { failures } = await check([answer(0.2, 2), answer(0.785, 1)]);
  expect(failures).toEqual([expect.stringContaining("our scores differ")]);
});

test("small scores must agree too, where the tolerance of scores says nothing", async () => {
  const { failures } = await check([answer(0.2, 2), answer(0.0009, 1)], [0.2, 0.0045]);
  expect(failures).toEqual([expect.stringContaining("our log-odds differ")]);
});

test("the answer to another text fails by its token count", async () => {
  expect((await check([answer(0.2, 1), answer(0.8, 2)])).failures).toEqual([
    "2 of our 2 token counts differ from the reference tokenizer's",
  ]);
});

test("a missing score fails", async () => {
  const withoutScores = { classificationScores: [], results: [{ tokens: 2 }] };
  expect((await check([withoutScores, answer(0.8, 1)])).failures).not.toEqual([]);
});

test("a missing answer fails", async () => {
  expect((await check([answer(0.2, 2)])).failures).toEqual(["1 of 2 texts were answered"]);
});
