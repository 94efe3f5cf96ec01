import { expect, test } from "vitest";
import { wordErrorRate } from "../../../../bench/speech/word-error-rate.ts";

test("capitals, punctuation and the way letters are composed do not count", () => {
  expect(wordErrorRate([{ said: "Ça va, l'été ?", heard: "c\u0327a va l' e\u0301te\u0301" }])).toBe(0);
});

test("a wrong, a missing and an additional word count as one error each", () => {
  expect(wordErrorRate([{ said: "un deux trois quatre", heard: "un dix trois quatre" }])).toBe(0.25);
  expect(wordErrorRate([{ said: "un deux trois quatre", heard: "un trois quatre" }])).toBe(0.25);
  expect(wordErrorRate([{ said: "un deux trois quatre", heard: "un deux deux trois quatre" }])).toBe(0.25);
});

test("long texts weigh more than short ones", () => {
  const pairs = [
    { said: "un", heard: "" },
    { said: "un deux trois", heard: "un deux trois" },
  ];
  expect(wordErrorRate(pairs)).toBe(0.25);
});
