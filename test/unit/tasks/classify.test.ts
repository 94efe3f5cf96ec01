import { expect, test } from "vitest";
import { ServiceError } from "../../../src/errors.ts";
import { type ClassifyResult, classify, type TextClassification } from "../../../src/tasks/classify.ts";
import type { TextModel } from "../../../src/tasks/served-model.ts";
import type { PreparedText } from "../../../src/text/prepared-text.ts";
import { collectEvents, strictEventBus } from "../../helpers/event-bus.ts";
import { requestContext } from "../../helpers/request-context.ts";

const evenLogits = [0, 0] as const;
const harmlessLogits = [3, -3] as const;
const toxicLogits = [-3, 3] as const;

test("one text of one window has the scores of that window", async () => {
  const [classification] = (await classifyTexts([[harmlessLogits]])).classifications;
  expect(classification?.scores.map(({ label }) => label)).toEqual(["non_toxic", "toxic"]);
  expect(classification?.scores[1]?.score).toBeCloseTo(1 / (1 + Math.exp(6)), 12);
  expect(classification).toMatchObject({ label: "non_toxic", flagged: false, windows: 1, tokens: 10, spans: [] });
});

test("a text is as toxic as its worst window, wherever that is", async () => {
  for (const at of [0, 1, 2]) {
    const windows = [0, 1, 2].map((index) => (index === at ? toxicLogits : harmlessLogits));
    const [classification] = (await classifyTexts([windows])).classifications;
    expect(classification).toMatchObject({ label: "toxic", flagged: true, windows: 3 });
    expect(toxicScoreOf(classification)).toBeGreaterThan(0.99);
  }
});

test("the more windows a text has, the surer a window must be, where the model says so", async () => {
  const changes = { windowBias: 1 };
  const [alone] = (await classifyTexts([[[0, 1]]], 0.5, changes)).classifications;
  expect(toxicScoreOf(alone)).toBeCloseTo(1 / (1 + Math.exp(-1)), 6);
  const windows = [[0, 1], harmlessLogits, harmlessLogits, harmlessLogits];
  const [amongFour] = (await classifyTexts([windows], 0.5, changes)).classifications;
  expect(toxicScoreOf(amongFour)).toBeCloseTo(1 / (1 + Math.exp(-1 + Math.log(4))), 6);
  expect(amongFour).toMatchObject({ flagged: false, spans: [] });
});

test("spans are the windows that reach the threshold, with their place in the text and their score", async () => {
  const windows = [toxicLogits, harmlessLogits, [0, 1] as const];
  const [classification] = (await classifyTexts([windows], 0.7)).classifications;
  expect(classification?.spans.map(({ start, end }) => [start, end])).toEqual([
    [0, 15],
    [20, 35],
  ]);
  expect(classification?.spans[1]?.score).toBeCloseTo(1 / (1 + Math.exp(-1)), 12);
});

test("a score equal to the threshold is flagged, and its window is a span", async () => {
  const [flagged] = (await classifyTexts([[evenLogits]], 0.5)).classifications;
  expect(flagged).toMatchObject({ flagged: true, spans: [{ start: 0, end: 15, score: 0.5 }] });
  const [passed] = (await classifyTexts([[evenLogits]], 0.500_001)).classifications;
  expect(passed).toMatchObject({ flagged: false, spans: [] });
});

test("the label is the highest score, whatever the threshold says", async () => {
  const [classification] = (await classifyTexts([[[1, 0]]], 0.1)).classifications;
  expect(classification).toMatchObject({ label: "non_toxic", flagged: true });
});

test("every text gets the windows that are its own, in the order of the texts", async () => {
  const texts = [
    [harmlessLogits],
    [harmlessLogits, toxicLogits, harmlessLogits],
    [harmlessLogits, evenLogits],
    [toxicLogits],
  ];
  const { classifications } = await classifyTexts(texts);
  expect(classifications.map(({ windows }) => windows)).toEqual([1, 3, 2, 1]);
  expect(classifications.map(({ label }) => label)).toEqual(["non_toxic", "toxic", "non_toxic", "toxic"]);
  expect(classifications.map(({ spans }) => spans.map(({ start }) => start))).toEqual([[], [10], [10], [0]]);
});

test("labels may come in any order: what counts is the one named toxic", async () => {
  const result = await classifyTexts([[toxicLogits]], 0.5, { labels: ["toxic", "non_toxic"] });
  expect(result.classifications[0]).toMatchObject({ label: "non_toxic", flagged: false });
});

test("the answer names the model, and its times are those of the stages", async () => {
  const { model, steps } = await classifyTexts([[evenLogits]]);
  expect(model).toEqual({ name: "fake", version: "1.0.0", digest: "sha256:0" });
  expect(steps).toMatchObject({ queueMs: 4, inferenceMs: 6 });
  expect(steps.preprocessMs).toBeGreaterThanOrEqual(0);
  expect(steps.totalMs).toBeGreaterThanOrEqual(steps.preprocessMs);
});

test("the scores of every text are told to whoever counts them", async () => {
  const events = strictEventBus();
  const told = collectEvents(events, "text_classified");
  const model = fakeModel([[evenLogits], [evenLogits, toxicLogits]]);
  await classify(model, { texts: ["a", "b"], threshold: 0.5 }, requestContext(), events);
  expect(told.map(({ model: name, scores }) => [name, scores.map(({ label }) => label)])).toEqual([
    ["fake", ["non_toxic", "toxic"]],
    ["fake", ["non_toxic", "toxic"]],
  ]);
});

test("whether the model's answer was one is told, and of other failures nothing", async () => {
  const events = strictEventBus();
  const told = collectEvents(events, "answer_checked");
  const input = { texts: ["a"], threshold: 0.5 };
  await classify(fakeModel([[evenLogits]]), input, requestContext(), events);
  const broken = fakeModel([[[Number.NaN, 0]]]);
  await expect(classify(broken, input, requestContext(), events)).rejects.toThrow("invalid answer");
  const full = { ...fakeModel([[evenLogits]]), run: () => Promise.reject(new ServiceError("overloaded", "full")) };
  await expect(classify(full, input, requestContext(), events)).rejects.toThrow("full");
  expect(told).toEqual([
    { model: "fake", modelId: "1", isValid: true },
    { model: "fake", modelId: "1", isValid: false },
  ]);
});

test("one window that is no number fails the request, and nothing is told of its texts", async () => {
  const events = strictEventBus();
  const told = collectEvents(events, "text_classified");
  const model = fakeModel([[evenLogits], [evenLogits, [Number.NaN, 0]]]);
  const failed = classify(model, { texts: ["a", "b"], threshold: 0.5 }, requestContext(), events);
  await expect(failed).rejects.toMatchObject({ code: "invalid_prediction" });
  expect(told).toEqual([]);
});

test("a failure of the text stage is the request's failure, and no window is run", async () => {
  const failure = new ServiceError("deadline_exceeded", "late");
  const model = fakeModel([], { prepare: () => Promise.reject(failure), run: () => Promise.reject(new Error("ran")) });
  const failed = classify(model, { texts: ["a"], threshold: 0.5 }, requestContext(), strictEventBus());
  await expect(failed).rejects.toBe(failure);
});

type Logits = readonly number[];

function classifyTexts(
  texts: readonly (readonly Logits[])[],
  threshold = 0.5,
  changes: Partial<TextModel> = {},
): Promise<ClassifyResult> {
  const model = fakeModel(texts, changes);
  return classify(model, { texts: texts.map(() => "text"), threshold }, requestContext(), strictEventBus());
}

/** A model that knows what it will answer: texts of windows of logits. Windows begin every 10 characters, 15 long. */
function fakeModel(texts: readonly (readonly Logits[])[], changes: Partial<TextModel> = {}): TextModel {
  const rows = texts.flat().map((logits) => Float32Array.from(logits));
  return {
    id: "1",
    identity: { name: "fake", version: "1.0.0", digest: "sha256:0" },
    task: "text-classification",
    labels: ["non_toxic", "toxic"],
    windowBias: 0,
    isRequired: true,
    device: "cpu",
    precision: "int8",
    state: () => "ready",
    hold: () => () => {},
    refusal: () => null,
    prepare: () => Promise.resolve(numberWindows(texts)),
    // Each window carries its number as its token, so that an answer in another order would show.
    run: (windows) =>
      Promise.resolve({
        logits: windows.map(([number = -1]) => rows[number] ?? new Float32Array()),
        queueMs: 4,
        inferenceMs: 6,
      }),
    ...changes,
  };
}

function numberWindows(texts: readonly (readonly Logits[])[]): PreparedText[] {
  let number = 0;
  return texts.map((windows) => ({
    tokens: 10 * windows.length,
    windows: windows.map((_, index) => ({
      inputIds: Int32Array.of(number++),
      start: 10 * index,
      end: 10 * index + 15,
    })),
  }));
}

function toxicScoreOf(classification: TextClassification | undefined): number {
  return classification?.scores.find(({ label }) => label === "toxic")?.score ?? -1;
}
