import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startService } from "../helpers/running-service.ts";
import { readTabSeparated } from "../helpers/tab-separated.ts";
import { toxicScores } from "../helpers/toxic-scores.ts";

// Sentences written for this project, none of them trained on, each with what it tests: what a model change must not break.

const golden = (name: string): URL => new URL(`../golden/${name}`, import.meta.url);
const sentences = readTabSeparated(golden("toxicity-behaviour.tsv"), ["label", "test", "identity", "text"]);
/** One digit per sentence: whether the model that the file was made with flags it at 0.5. */
const { flagged: decisions } = JSON.parse(readFileSync(golden("toxicity-decisions.json"), "utf8")) as {
  readonly flagged: string;
};

/** Share of the sentences whose decision a change of model may turn before people must look at it. */
const maxFlippedShare = 0.02;

let service: Awaited<ReturnType<typeof startService>>;
let scores: readonly number[] = [];
beforeAll(async () => {
  service = await startService();
  scores = await toxicScores(
    service.url,
    sentences.map(({ text }) => text),
  );
});
afterAll(async () => {
  await service.close("end of test");
});

test("the suite has 400 sentences or more, of both labels", () => {
  expect(sentences.length).toBeGreaterThanOrEqual(400);
  expect(new Set(sentences.map(({ label }) => label))).toEqual(new Set(["toxic", "non_toxic"]));
  expect(decisions).toHaveLength(sentences.length);
});

test("the decisions are those on record, but for 2 %", () => {
  const flipped = sentences.filter((_, index) => (scores[index]! >= 0.5 ? "1" : "0") !== decisions[index]);
  expect(flipped.length / sentences.length).toBeLessThanOrEqual(maxFlippedShare);
});

test("capitals change no decision", async () => {
  const words = sentences.filter(
    ({ text }) => text.includes(" ") && text.toUpperCase().toLowerCase() === text.toLowerCase(),
  );
  const lower = await toxicScores(
    service.url,
    words.map(({ text }) => text.toLowerCase()),
  );
  const upper = await toxicScores(
    service.url,
    words.map(({ text }) => text.toUpperCase()),
  );
  const turned = words.filter((_, index) => Math.abs(lower[index]! - upper[index]!) > 0.01);
  expect(words.length).toBeGreaterThan(400);
  expect(turned).toEqual([]);
});

test("emoji change no decision, and are none by themselves; nor is what is written in another script", async () => {
  const plain = sentences.filter(({ text }) => !/\p{Extended_Pictographic}/u.test(text)).slice(0, 100);
  const among = plain.map(({ text }) => `👍 ${text.replace(" ", " 😂 ")} 🎉🎉`);
  const [alone, decorated, unread] = await Promise.all([
    toxicScores(
      service.url,
      plain.map(({ text }) => text),
    ),
    toxicScores(service.url, among),
    toxicScores(service.url, ["👍", "😂 😂 😂 😂", "❤️", "🎵", "Доброе утро", "おはようございます", "صباح الخير"]),
  ]);
  expect(plain).toHaveLength(100);
  expect(plain.filter((_, index) => Math.abs(alone[index]! - decorated[index]!) > 0.01)).toEqual([]);
  expect(Math.max(...unread)).toBeLessThan(0.1);
});
