import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { projectRoot } from "../../../src/config/load-config.ts";
import { cacheBytesPerToken } from "../../../src/hardware/speech-memory.ts";
import { decodeLimit, textBytes, textsThatFit, workingBytes } from "../../../tools/voxtral-cost/capacity.ts";
import { mini3b, parseShape } from "../../../tools/voxtral-cost/model-shape.ts";
import { report } from "../../../tools/voxtral-cost/report.ts";
import {
  bytesOf,
  bytesPerWeight,
  decoderWeights,
  embeddingWeights,
  encoderWeights,
  headMatrix,
  layerMatrices,
  modelBytes,
} from "../../../tools/voxtral-cost/weights.ts";
import {
  encoderOperations,
  promptTokens,
  readOperations,
  stepTextBytes,
  stepWeightBytes,
} from "../../../tools/voxtral-cost/work.ts";

const grouped = join(projectRoot, "test/fixtures/models/voxtral-grouped");
const tiny = parseShape(JSON.parse(readFileSync(join(grouped, "config.json"), "utf8")));

function fixtureBytes(name: string): number {
  return statSync(join(grouped, "onnx", name)).size;
}

test("the weights of the 3B model are as large as its public files", () => {
  expect(bytesOf(encoderWeights(mini3b), "q4")).toBe(440_238_080);
  expect(bytesOf(encoderWeights(mini3b), "q4f16")).toBe(383_696_896);
  expect(bytesOf(embeddingWeights(mini3b), "q4")).toBe(251_658_240);
  expect(bytesOf(decoderWeights(mini3b), "q4")).toBe(2_073_260_032 + 251_658_240);
  expect(bytesOf(decoderWeights(mini3b), "q4f16")).toBe(2_065_283_072);
});

test("the matrices of the tiny model are as large as its data files", () => {
  expect(4 * (layerMatrices(tiny) + headMatrix(tiny))).toBe(fixtureBytes("decoder_model_merged.onnx_data"));
  expect(headMatrix(tiny) * bytesPerWeight("q4")).toBe(fixtureBytes("decoder_model_merged_q4.onnx_data_1"));
});

test.each([
  ["fp32", ""],
  ["fp16", "_fp16"],
  ["q4f16", "_q4f16"],
  ["q4", "_q4"],
] as const)(
  "the tiny model's embedding and encoder in %s are as large as their files but for the graph",
  (form, suffix) => {
    const embedding = bytesOf(embeddingWeights(tiny), form);
    const embeddingGraph = fixtureBytes(`embed_tokens${suffix}.onnx`) - embedding;
    expect(embeddingGraph).toBeGreaterThan(200);
    expect(embeddingGraph).toBeLessThan(1000);
    const encoderGraph = fixtureBytes(`audio_encoder${suffix}.onnx`) - bytesOf(encoderWeights(tiny), form);
    expect(encoderGraph).toBeGreaterThan(10_000);
    expect(encoderGraph).toBeLessThan(60_000);
  },
);

test("a position of the 3B model's cache takes 245,760 bytes in float32, and half of it in float16", () => {
  expect(cacheBytesPerToken(mini3b, 4)).toBe(245_760);
  expect(cacheBytesPerToken(mini3b, 2)).toBe(122_880);
});

test("a window of the 3B model has a prompt of 383 tokens", () => {
  expect(promptTokens(mini3b)).toBe(383);
});

test("reading a prompt in pieces takes as many operations as reading it at once", () => {
  const pieces = readOperations(tiny, 128, 0) + readOperations(tiny, 128, 128) + readOperations(tiny, 127, 256);
  expect(pieces).toBe(readOperations(tiny, 383, 0));
});

test("the encoder takes two operations per weight and state, and more for its attention", () => {
  const weights = 2 * 1500 * 32 * (4 * 1280 ** 2 + 2 * 1280 * 5120);
  const attention = 32 * 4 * 1500 ** 2 * 1280;
  expect(encoderOperations(mini3b)).toBeGreaterThan(weights + attention);
  expect(encoderOperations(mini3b)).toBeLessThan(1.02 * (weights + attention));
});

const machine = { bandwidth: 1e12, operations: 1e15 };

test("one text is limited by the memory that a step reads", () => {
  const bytes = stepWeightBytes(mini3b, "fp16") + stepTextBytes(mini3b, "fp16", 400);
  expect(decodeLimit(mini3b, "fp16", machine, { texts: 1, past: 400 })).toBeCloseTo(1e12 / bytes, 6);
});

test("many texts share the reading of the weights until operations limit them", () => {
  const one = decodeLimit(mini3b, "fp16", machine, { texts: 1, past: 400 });
  const ten = decodeLimit(mini3b, "fp16", machine, { texts: 10, past: 400 });
  expect(ten).toBeGreaterThan(9 * one);
  expect(ten).toBeLessThan(10 * one);
  const slow = { bandwidth: 1e15, operations: 1e12 };
  const limits = [10, 1000].map((texts) => decodeLimit(mini3b, "fp16", slow, { texts, past: 400 }));
  expect(limits[1]).toBeCloseTo(limits[0] ?? 0, 6);
});

test("as many texts fit as leave room for one run, and none where the model does not", () => {
  const holding = { copies: 2, positions: 774 };
  const texts = textsThatFit(mini3b, "fp16", 80e9, holding);
  const used = (count: number): number =>
    modelBytes(mini3b, "fp16") + workingBytes(mini3b, "fp16") + count * textBytes(mini3b, "fp16", holding);
  expect(used(texts)).toBeLessThanOrEqual(0.9 * 80e9);
  expect(used(texts + 1)).toBeGreaterThan(0.9 * 80e9);
  expect(textsThatFit(mini3b, "fp32", 16e9, holding)).toBe(0);
});

test("a config that is no Voxtral model's is refused with the missing fields", () => {
  expect(() => parseShape({ text_config: {} })).toThrow("audio_config");
});

test("docs/voxtral.md holds the tables that the tool prints", () => {
  expect(readFileSync(join(projectRoot, "docs/voxtral.md"), "utf8")).toContain(report(mini3b));
});
