import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ServiceError } from "../../../src/errors.ts";
import { hearWindow } from "../../../src/tasks/hear-window.ts";
import type { SpeechWindowInput } from "../../../src/tasks/served-model.ts";
import { FakeSpeechModel, type Heard } from "../../helpers/fake-speech-model.ts";
import { requestContext } from "../../helpers/request-context.ts";

const loop = "merci beaucoup ".repeat(40);
const input: SpeechWindowInput = {
  features: new Float32Array(1),
  frames: 1_500,
  audioMs: 15_000,
  language: null,
  temperature: 0,
  seed: 7,
};

test("a text that was stopped in a loop is heard again, however short the loop", async () => {
  const model = new FakeSpeechModel();
  const good = "Le train part à huit heures, et il arrive à midi à la gare de Lyon, voie trois.";
  model.hear = ({ temperature }) => (temperature > 0 ? { text: good } : { text: "Le train part, non", ending: "loop" });
  const heard = await hearWindow(model, input, 30_000, requestContext());
  expect(heard).toMatchObject({ text: good, isStopped: false });
  expect(model.inputs.map(({ temperature }) => temperature)).toEqual([0, 0.4]);
});

test("when every attempt is stopped, what was said before the loop is kept", async () => {
  const model = new FakeSpeechModel();
  model.hear = () => ({ text: "Le train part, non", ending: "loop" });
  expect(await hearWindow(model, input, 30_000, requestContext())).toMatchObject({ text: "Le train part, non" });
});

test("a long text of ordinary sentences is no repetition, as it would be to a threshold for half a minute", async () => {
  const model = new FakeSpeechModel();
  const lines = readFileSync(new URL("../../../bench/data/texts-fr.txt", import.meta.url), "utf8").split("\n");
  const text = [...new Set(lines)].join(" ").slice(0, 27_000);
  expect(text).toHaveLength(27_000);
  model.hear = () => ({ text });
  await hearWindow(model, input, 1_800_000, requestContext());
  expect(model.inputs).toHaveLength(1);
});

test("what was heard comes with its tokens, its language and the model's judgement", async () => {
  const { heard } = await hear({ text: " Bonjour à tous. ", averageLogProbability: -0.3, noSpeechProbability: 0.05 });
  expect(heard).toEqual({
    text: "Bonjour à tous.",
    tokens: 17,
    language: "fr",
    languageProbability: expect.any(Number) as number,
    temperature: 0,
    noSpeechProbability: 0.05,
    averageLogProbability: -0.3,
    compressionRatio: expect.any(Number) as number,
    isStopped: false,
    queueMs: 0.5,
    inferenceMs: 1.5,
  });
  expect(heard.compressionRatio).toBeLessThan(1);
});

test.each([
  [0.61, -1.01, ""],
  [0.61, -0.99, "Sous-titres"],
  [0.59, -1.01, "Sous-titres"],
])("a window that is silent with %f and written down with %f gives %j", async (silence, sureness, text) => {
  const answer = { text: "Sous-titres", noSpeechProbability: silence, averageLogProbability: sureness };
  expect((await hear(answer)).heard).toMatchObject({ text, tokens: text.length });
});

test("nothing heard is nothing written, and is not run again", async () => {
  const { heard, model } = await hear({ text: "  " });
  expect(heard).toMatchObject({ text: "", tokens: 0, compressionRatio: 0 });
  expect(model.inputs).toHaveLength(1);
});

test("a text that goes in circles is run again at a higher temperature, in the language that was found", async () => {
  const { heard, model } = await hear({ text: loop }, { text: "Merci beaucoup." });
  expect(model.inputs.map(({ language, temperature }) => [language, temperature])).toEqual([
    [null, 0],
    ["fr", 0.4],
  ]);
  expect(heard).toMatchObject({ text: "Merci beaucoup.", temperature: 0.4, inferenceMs: 3, queueMs: 0.5 });
});

test("a text that goes in circles twice is dropped when nobody could speak that fast, and kept otherwise", async () => {
  expect((await hear({ text: loop }, { text: loop }, 10_000)).heard).toMatchObject({ text: "", tokens: 0 });
  expect((await hear({ text: loop }, { text: loop }, 30_000)).heard.text).toBe(loop.trim());
});

test("a client that asked for a high temperature gets what it asked for", async () => {
  const model = new FakeSpeechModel();
  model.hear = () => ({ text: loop });
  const heard = await hearWindow(model, { ...input, temperature: 0.4 }, 1_000, requestContext());
  expect([heard.text, model.inputs.length]).toEqual([loop.trim(), 1]);
});

test.each([
  { language: "tlh" },
  { languageProbability: Number.NaN },
  { noSpeechProbability: 1.1 },
  { noSpeechProbability: -0.1 },
  { averageLogProbability: 0.1 },
  { averageLogProbability: Number.NEGATIVE_INFINITY },
])("an answer that cannot be is an invalid prediction, whose facts hold no text: %o", async (changes) => {
  const failed = hear({ text: "des mots", ...changes });
  await expect(failed).rejects.toMatchObject({ code: "invalid_prediction" });
  const error = await failed.catch((reason: unknown) => reason);
  expect(JSON.stringify((error as ServiceError).facts)).not.toContain("mots");
});

test("the rounding of probabilities is forgiven", async () => {
  const { heard } = await hear({ text: "Oui.", noSpeechProbability: 1.000_000_1, averageLogProbability: 1e-7 });
  expect(heard).toMatchObject({ text: "Oui.", noSpeechProbability: 1, averageLogProbability: 0 });
});

/** Runs one window of `speechMs` on a model that answers `first`, and `second` when it is asked again. */
async function hear(first: Heard, second: Heard = first, speechMs = 5_000) {
  const model = new FakeSpeechModel();
  model.hear = () => (model.inputs.length === 1 ? first : second);
  return { heard: await hearWindow(model, input, speechMs, requestContext()), model };
}
