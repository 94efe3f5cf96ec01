import { join } from "node:path";
import { expect, test } from "vitest";
import {
  booleanTensor,
  float32Values,
  floatTensor,
  int64Tensor,
  Session,
  type Tensors,
} from "../../../src/inference/session.ts";
import { toyWhisperFolder } from "../../helpers/toy-whisper.ts";

const settings = { executionProvider: "cpu", intraOpNumThreads: 1 } as const;
const kinds = ["key", "value"] as const;
const encoderNames = { inputs: ["input_features"], outputs: kinds.map((kind) => `present.0.encoder.${kind}`) };
const decoderNames = {
  inputs: ["input_ids", ...["decoder", "encoder"].flatMap((part) => kinds.map((kind) => past(part, kind)))],
  outputs: ["logits", ...kinds.map((kind) => `present.0.decoder.${kind}`)],
};

test("float16 tensors are read and written, and what a run gives can be given to the next one", async () => {
  const encoder = await open("encoder_model_fp16.onnx", encoderNames);
  expect(encoder.floatTypeOf("input_features")).toBe("float16");
  const features = floatTensor("float16", Float32Array.of(1.5, 2, 0, 0, 0.25, 0, 0, 4), [1, 2, 4]);
  const states = await encoder.run({ input_features: features });
  expect([...float32Values(states["present.0.encoder.key"])]).toEqual([3.75, 4]);
  await encoder.release();

  const decoder = await open("decoder_model_fp16.onnx", decoderNames);
  const inputs: Tensors = {};
  for (const kind of kinds) {
    inputs[past("encoder", kind)] = states[`present.0.encoder.${kind}`]!;
    inputs[past("decoder", kind)] = floatTensor("float16", new Float32Array(), [1, 1, 0, 1]);
  }
  const first = await decoder.run({ ...inputs, input_ids: int64Tensor(BigInt64Array.of(11n), [1, 1]) });
  for (const kind of kinds) {
    inputs[past("decoder", kind)] = first[`present.0.decoder.${kind}`]!;
  }
  const second = await decoder.run({ ...inputs, input_ids: int64Tensor(BigInt64Array.of(3n), [1, 1]) });
  expect([...float32Values(second["present.0.decoder.key"])]).toEqual([11, 3]);
  expect([...float32Values(second["present.0.decoder.value"])]).toEqual([22, 6]);
  await decoder.release();
});

test("only the outputs that were asked for are given", async () => {
  const encoder = await open("encoder_model.onnx", encoderNames);
  const inputs = { input_features: floatTensor("float32", new Float32Array(4), [1, 2, 2]) };
  expect(Object.keys(await encoder.run(inputs))).toEqual(encoderNames.outputs);
  expect(Object.keys(await encoder.run(inputs, ["present.0.encoder.value"]))).toEqual(["present.0.encoder.value"]);
  await encoder.release();
});

test("a float32 tensor shares the memory of its numbers, both ways", () => {
  const numbers = Float32Array.of(1, 2);
  expect(float32Values(floatTensor("float32", numbers, [2]))).toBe(numbers);
});

test.each([
  ["nothing", undefined],
  ["integers", int64Tensor(BigInt64Array.of(1n), [1])],
  ["truth values", booleanTensor(true)],
])("%s: no floating point numbers", (_, tensor) => {
  expect(() => float32Values(tensor)).toThrow("expected a tensor of float32 or float16");
});

test("an input of integers, or one that is not there, has no floating point type", async () => {
  const decoder = await open("decoder_model.onnx", decoderNames);
  expect(() => decoder.floatTypeOf("input_ids")).toThrow("input_ids is of type int64");
  expect(() => decoder.floatTypeOf("input_features")).toThrow("input_features is of type undefined");
  await decoder.release();
});

test("a graph that wants more inputs than it will get is refused with their names", async () => {
  const inputs = decoderNames.inputs.filter((name) => !name.endsWith("value"));
  await expect(open("decoder_model.onnx", { inputs, outputs: [] })).rejects.toThrow(
    `decoder_model.onnx wants the further inputs ${past("decoder", "value")}, ${past("encoder", "value")}`,
  );
});

function open(file: string, names: { inputs: string[]; outputs: string[] }): Promise<Session> {
  return Session.open(join(toyWhisperFolder, "onnx", file), names, settings);
}

function past(part: string, kind: string): string {
  return `past_key_values.0.${part}.${kind}`;
}
