import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type AskedModel,
  askCanary,
  type CanaryAnswer,
  distanceBetween,
  isSameAnswer,
  recordedAnswer,
} from "../../../src/health/canary.ts";
import { FakeMonitoredModel } from "../../helpers/fake-monitored-model.ts";
import { FakeSpeechModel } from "../../helpers/fake-speech-model.ts";
import { goldenTranscripts } from "../../helpers/golden-transcripts.ts";
import { validManifest } from "../../helpers/model-folder.ts";

test("scores are the same up to the tolerance, each by its label", () => {
  const score = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(score, score, fc.double({ min: 0.001, max: 0.5, noNaN: true }), (one, other, tolerance) => {
      const isSame = isSameAnswer(scores(one), scores(other), tolerance);
      expect(isSame).toBe(Math.abs(one - other) <= tolerance && Math.abs(1 - one - (1 - other)) <= tolerance);
    }),
  );
});

test("answers of different kinds, lengths, labels or tokens differ", () => {
  expect(isSameAnswer(tokens(1, 23), tokens(1, 23))).toBe(true);
  expect(isSameAnswer(tokens(1, 23), tokens(12, 3))).toBe(false);
  expect(isSameAnswer(tokens(), tokens())).toBe(true);
  expect(isSameAnswer(tokens(1), tokens())).toBe(false);
  expect(isSameAnswer(tokens(), scores(0.5))).toBe(false);
  expect(isSameAnswer(scores(0.5), { kind: "scores", texts: [] })).toBe(false);
  expect(isSameAnswer(scores(0.5), { kind: "scores", texts: [[{ label: "toxic", score: 0.5 }]] })).toBe(false);
});

test("the canary of a text model has a harmless and a toxic text, and a place of its own in the queue", async () => {
  const model = new FakeMonitoredModel();
  const answer = await askCanary(model.asModel, 1_000, new AbortController().signal);
  expect(answer.kind === "scores" && answer.texts.map(([, toxic]) => (toxic?.score ?? 0) > 0.5)).toEqual([false, true]);
  expect(model.contexts).toMatchObject([{ client: { address: "health check" } }]);
});

test("the canary of a speech model is a spoken clip, whose tokens are the answer", async () => {
  const speech = new FakeSpeechModel();
  speech.hear = () => ({ text: "Bon" });
  const { folder } = new FakeMonitoredModel();
  const canaryWindow = {
    features: Float32Array.of(1),
    frames: 1,
    audioMs: 10,
    language: "fr",
    temperature: 0,
    seed: 0,
  };
  const asked = { task: speech.task, languages: speech.languages, folder, canaryWindow };
  const model: AskedModel = { ...asked, transcribe: (window, context) => speech.transcribe(window, context) };
  const answer = await askCanary(model, 1_000, new AbortController().signal);
  expect(answer).toEqual({ kind: "tokens", tokenIds: [66, 111, 110] });
  expect(speech.inputs).toEqual([canaryWindow]);
});

test("a manifest of a speech model has its answer to the clip, one of a text model the scores", () => {
  const manifest = validManifest();
  expect(recordedAnswer(manifest)).toBeNull();
  const clip = "0".repeat(64);
  const tokenIds = [5, 6, 7, 8, 9];
  const spoken = { ...manifest, canary: { clip, tokenIds, tolerance: 0.4 } };
  expect(recordedAnswer(spoken)).toEqual({ kind: "tokens", tokenIds });
  const texts = [{ text: "Bonjour", scores: { non_toxic: 0.5, toxic: 0.5 } }];
  expect(recordedAnswer({ ...manifest, canary: { texts, tolerance: 0.05 } })).toEqual(scores(0.5));
});

test.each([
  ["float32 instead of int8", "transfer.wav", "float32"],
  ["other windows", "transfer.wav", "int8"],
] as const)("a Whisper with %s says the same of the clip", (_, file, form) => {
  const expected = clipTokens(file, "int8Short");
  expect(isSameAnswer(clipTokens(file, form), expected)).toBe(true);
});

test("what 8 bits change of any clip is within half of the tolerance, and another clip's text is twice as far off", () => {
  for (const { file } of goldenTranscripts.clips) {
    expect(distanceBetween(clipTokens(file, "float32"), clipTokens(file, "int8Short"))).toBeLessThan(0.2);
  }
  const expected = clipTokens("transfer.wav", "int8Short");
  const others = goldenTranscripts.clips.filter(({ file }) => file !== "transfer.wav");
  expect(others.length).toBeGreaterThan(20);
  for (const { file } of others) {
    expect(distanceBetween(clipTokens(file, "float32"), expected)).toBeGreaterThan(0.8);
  }
});

test.each([
  ["nothing", []],
  ["one word again and again", Array.from({ length: 40 }, () => 716)],
  ["half of it", clipTokens("transfer.wav", "int8Short").tokenIds.slice(0, 11)],
])("a model that writes %s of the clip does not say the same", (_, tokenIds) => {
  expect(isSameAnswer(tokens(...tokenIds), clipTokens("transfer.wav", "int8Short"))).toBe(false);
});

function clipTokens(file: string, form: "float32" | "int8" | "int8Short") {
  const clip = goldenTranscripts.clips.find((each) => each.file === file);
  return { kind: "tokens" as const, tokenIds: clip?.[form].tokens ?? [] };
}

function scores(nonToxic: number): CanaryAnswer {
  return {
    kind: "scores",
    texts: [
      [
        { label: "non_toxic", score: nonToxic },
        { label: "toxic", score: 1 - nonToxic },
      ],
    ],
  };
}

function tokens(...tokenIds: number[]): CanaryAnswer {
  return { kind: "tokens", tokenIds };
}
