import { expect, test } from "vitest";
import { likeliestLanguage, readStartProbabilities } from "../../../../src/inference/whisper/start-probabilities.ts";

const vocabulary = {
  languageTokenIds: new Map([
    ["en", 4],
    ["fr", 5],
    ["de", 6],
  ]),
  noSpeechTokenId: 7,
};

test("languages compete with each other only, silence with every token", () => {
  const logits = Float32Array.from([0.5, 0, 0.25, 0, 1, 4, 2, 3], (weight) => Math.log(weight));
  const start = readStartProbabilities(logits, vocabulary);
  expect(start.languages.get("en")).toBeCloseTo(1 / 7, 6);
  expect(start.languages.get("fr")).toBeCloseTo(4 / 7, 6);
  expect(start.languages.get("de")).toBeCloseTo(2 / 7, 6);
  expect(start.noSpeech).toBeCloseTo(3 / 10.75, 6);
  expect(likeliestLanguage(start)).toBe("fr");
});

test("large logits overflow nothing", () => {
  const start = readStartProbabilities(Float32Array.of(900, 0, 0, 0, 1000, 999, 0, 1000), vocabulary);
  expect(start.languages.get("en")).toBeCloseTo(1 / (1 + Math.exp(-1)), 6);
  expect(start.noSpeech).toBeCloseTo(1 / (2 + Math.exp(-1)), 6);
});

test("logits that are no numbers give no probability that passes for one", () => {
  const start = readStartProbabilities(new Float32Array(8).fill(Number.NaN), vocabulary);
  expect(start.languages.get("en")).toBeNaN();
  expect(start.noSpeech).toBeNaN();
});
