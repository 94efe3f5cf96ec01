import { deserialize, serialize } from "node:v8";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type ChildMessage,
  parseChildMessage,
  runFailureKinds,
  toWireError,
  type WindowOutput,
} from "../../../src/processes/protocol.ts";

const error = { name: "Error", message: "no memory" };
const outputs = [{ kind: "logits" as const, logits: Float32Array.of(1, 2) }];
const transcript = {
  kind: "transcript" as const,
  tokenIds: Int32Array.of(7, 8),
  language: "fr",
  languageProbability: 0.9,
  noSpeechProbability: 0.1,
  averageLogProbability: -0.3,
  ending: "end-token" as const,
};
const valid: ChildMessage[] = [
  { type: "ready", device: "cpu", answersInOneRun: false },
  {
    type: "ready",
    device: "cuda",
    answersInOneRun: false,
    timing: { weights: 21_000_000, tokens: 4096, milliseconds: 0.5 },
  },
  { type: "ready", device: "cuda", answersInOneRun: true },
  { type: "progress", id: 1 },
  { type: "result", id: 1, outputs, inferenceMs: 0.5, startedAt: 1 },
  { type: "result", id: 1, outputs: [], inferenceMs: 0, startedAt: 1 },
  {
    type: "result",
    id: 1,
    outputs: [{ kind: "logits", logits: Float32Array.of(Number.NaN) }],
    inferenceMs: 3,
    startedAt: 1,
  },
  {
    type: "result",
    id: 1,
    outputs: [transcript, { ...transcript, noSpeechProbability: Number.NaN }],
    inferenceMs: 3,
    startedAt: 1,
  },
  { type: "run_failed", id: 1, kind: "out_of_memory", error },
  { type: "run_failed", id: 1, kind: "device_lost", error },
  { type: "run_failed", id: 1, kind: "other", error },
  { type: "load_failed", error },
];

test.each(valid)("a $type message is understood as it crossed the channel", (message) => {
  expect(parseChildMessage(deserialize(serialize(message)))).toEqual(message);
});

const invalid: unknown[] = [
  null,
  undefined,
  "ready",
  [],
  {},
  { type: "shutdown" },
  { type: "ready" },
  { type: "ready", device: "cuda", answersInOneRun: "yes" },
  { type: "ready", device: "cuda" },
  { type: "ready", device: 7, answersInOneRun: false },
  { type: "ready", device: "cuda", answersInOneRun: false, timing: null },
  { type: "ready", device: "cuda", answersInOneRun: false, timing: { weights: 1, tokens: 1 } },
  { type: "ready", device: "cuda", answersInOneRun: false, timing: { weights: 1, tokens: 0.5, milliseconds: 1 } },
  { type: "ready", device: "cuda", answersInOneRun: false, timing: { weights: -1, tokens: 1, milliseconds: 1 } },
  {
    type: "ready",
    device: "cuda",
    answersInOneRun: false,
    timing: { weights: 1, tokens: 1, milliseconds: Number.NaN },
  },
  { type: "progress", id: "1" },
  { type: "progress", id: 1.5 },
  { type: "progress", id: Number.NaN },
  { type: "result", id: 1, inferenceMs: 1, startedAt: 1 },
  { type: "result", id: 1, outputs },
  { type: "result", id: 1, outputs, inferenceMs: Number.NaN, startedAt: 1 },
  { type: "result", id: 1, outputs, inferenceMs: -1, startedAt: 1 },
  { type: "result", id: 1, outputs: outputs[0], inferenceMs: 1, startedAt: 1 },
  { type: "result", id: 1, outputs: [null], inferenceMs: 1, startedAt: 1 },
  { type: "result", id: 1, outputs: [{ kind: "logits", logits: [1, 2] }], inferenceMs: 1, startedAt: 1 },
  { type: "result", id: 1, outputs: [{ kind: "logits", logits: Float64Array.of(1, 2) }], inferenceMs: 1, startedAt: 1 },
  { type: "result", id: 1, outputs: [{ logits: Float32Array.of(1, 2) }], inferenceMs: 1, startedAt: 1 },
  { type: "result", id: 1, outputs: [{ ...transcript, kind: "logits" }], inferenceMs: 1, startedAt: 1 },
  { type: "result", id: 1, outputs: [{ ...transcript, tokenIds: [7] }], inferenceMs: 1, startedAt: 1 },
  { type: "result", id: 1, outputs: [{ ...transcript, language: 7 }], inferenceMs: 1, startedAt: 1 },
  { type: "result", id: 1, outputs: [{ ...transcript, noSpeechProbability: "0.1" }], inferenceMs: 1, startedAt: 1 },
  { type: "result", id: 1, outputs: [{ ...transcript, ending: "soon" }], inferenceMs: 1, startedAt: 1 },
  { type: "run_failed", id: 1, kind: "other" },
  { type: "run_failed", kind: "other", error },
  { type: "run_failed", id: 1, error },
  { type: "run_failed", id: 1, kind: "bored", error },
  { type: "run_failed", id: 1, kind: "other", error: { name: "Error" } },
  { type: "load_failed", error: "no memory" },
  { type: "load_failed", error: null },
];

test.each(invalid.map((value) => ({ value })))("$value is no message", ({ value }) => {
  expect(parseChildMessage(value)).toBeNull();
});

test("whatever a child sends, it is a well-formed message or none", () => {
  const output = fc.oneof(
    fc.record({ kind: fc.constant("logits"), logits: fc.oneof(fc.float32Array(), fc.anything()) }),
    fc.record({
      ...Object.fromEntries(Object.keys(transcript).map((key) => [key, fc.oneof(fc.double(), fc.anything())])),
      kind: fc.constant("transcript"),
      tokenIds: fc.oneof(fc.int32Array(), fc.anything()),
      language: fc.oneof(fc.string(), fc.anything()),
    }),
  );
  const fields = fc.record(
    {
      type: fc.oneof(fc.constantFrom("ready", "progress", "result", "run_failed", "load_failed"), fc.anything()),
      id: fc.oneof(fc.integer(), fc.anything()),
      device: fc.oneof(fc.string(), fc.anything()),
      timing: fc.oneof(
        fc.record({ weights: fc.integer(), tokens: fc.integer(), milliseconds: fc.double() }),
        fc.anything(),
      ),
      outputs: fc.oneof(fc.array(output), fc.anything()),
      inferenceMs: fc.oneof(fc.double(), fc.anything()),
      kind: fc.oneof(fc.constantFrom(...runFailureKinds), fc.anything()),
      error: fc.oneof(fc.record({ name: fc.string(), message: fc.string() }), fc.anything()),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(fields, fc.anything()), (value) => {
      const message = parseChildMessage(value);
      if (message !== null) {
        expect(message).toBe(value);
        expect(isWellFormed(message)).toBe(true);
      }
    }),
    { numRuns: 2000 },
  );
});

test("an error crosses as its name and message, and a thrown value that is none leaks nothing", () => {
  expect(toWireError(new RangeError("too long"))).toEqual({ name: "RangeError", message: "too long" });
  expect(toWireError("text of a user")).toEqual({ name: "Error", message: "a value that is no error was thrown" });
});

function isWellFormed(message: ChildMessage): boolean {
  switch (message.type) {
    case "ready":
      return typeof message.device === "string";
    case "progress":
      return Number.isSafeInteger(message.id);
    case "result":
      return (
        Number.isSafeInteger(message.id) &&
        message.inferenceMs >= 0 &&
        Number.isFinite(message.inferenceMs) &&
        message.outputs.every(isWellFormedOutput)
      );
    case "run_failed":
      return (
        Number.isSafeInteger(message.id) &&
        runFailureKinds.includes(message.kind) &&
        typeof message.error.message === "string"
      );
    case "load_failed":
      return typeof message.error.name === "string" && typeof message.error.message === "string";
  }
}

function isWellFormedOutput(output: WindowOutput): boolean {
  if (output.kind === "logits") {
    return output.logits instanceof Float32Array;
  }
  const { tokenIds, language, languageProbability, noSpeechProbability, averageLogProbability } = output;
  const numbers = [languageProbability, noSpeechProbability, averageLogProbability];
  return (
    tokenIds instanceof Int32Array && typeof language === "string" && numbers.every((each) => typeof each === "number")
  );
}
