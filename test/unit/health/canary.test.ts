import fc from "fast-check";
import { expect, test } from "vitest";
import { askCanary, type CanaryAnswer, isSameAnswer } from "../../../src/health/canary.ts";
import type { MonitoredModel } from "../../../src/health/monitored-model.ts";
import { FakeMonitoredModel } from "../../helpers/fake-monitored-model.ts";
import { FakeSpeechModel } from "../../helpers/fake-speech-model.ts";

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

test("the canary of a speech model is its shortest window of silence, whose tokens are the answer", async () => {
  const speech = new FakeSpeechModel();
  const { folder } = new FakeMonitoredModel();
  const model: MonitoredModel = Object.assign(speech, {
    folder,
    devicesSetAside: [],
    deviceTiming: null,
    pids: [],
    movedAt: 0,
    patienceMs: 0,
    longestStepMs: 0,
    cudaRuntime: null,
    stateDetail: () => "",
    deviceDetail: () => "",
    stalledMs: () => 0,
    isWaiting: () => false,
  });
  const answer = await askCanary(model, 1_000, new AbortController().signal);
  expect(answer.kind).toBe("tokens");
  const [window] = speech.inputs;
  const { melBins, fewestFrames } = speech.windows;
  expect(window).toMatchObject({ frames: fewestFrames, temperature: 0 });
  expect(window?.features.length).toBe(melBins * fewestFrames);
  expect(new Set(window?.features)).toEqual(new Set([-1.5]));
});

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
