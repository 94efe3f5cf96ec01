import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { expect, test } from "vitest";
import { deviceOf, parseNodeRuns } from "../../../src/inference/node-placement.ts";
import { RunProfile } from "../../../src/inference/run-profile.ts";
import { realModelFolder } from "../../helpers/model-folder.ts";

const cpu = "CPUExecutionProvider";
const cuda = "CUDAExecutionProvider";

test("ONNX Runtime's own profile of a run on the CPU proves that the CPU computed it", async () => {
  const profile = await RunProfile.create();
  const { options } = profile;
  const session = await InferenceSession.create(join(realModelFolder, "onnx/model_quantized.onnx"), {
    executionProviders: ["cpu"],
    ...options,
  });
  const ids = new Tensor("int64", BigInt64Array.of(5n, 10n, 6n), [1, 3]);
  const mask = new Tensor("int64", BigInt64Array.of(1n, 1n, 1n), [1, 3]);
  await session.run({ input_ids: ids, attention_mask: mask });
  session.endProfiling();
  expect(await profile.device()).toBe("cpu");
  await session.release();
  expect(existsSync(dirname(options.profileFilePrefix))).toBe(false);
});

test("a run of which there is no profile proves nothing, and leaves nothing behind", async () => {
  const profile = await RunProfile.create();
  await expect(profile.device()).rejects.toThrow("wrote no profile");
  expect(existsSync(dirname(profile.options.profileFilePrefix))).toBe(false);
});

test("operators that deal with shapes may stay on the CPU", () => {
  const nodes = [
    { operator: "Shape", executionProvider: cpu },
    { operator: "Gather", executionProvider: cpu },
    { operator: "MatMul", executionProvider: cuda },
    { operator: "SkipLayerNormalization", executionProvider: cuda },
  ];
  expect(deviceOf(nodes)).toBe("cuda");
});

test("work that was shared out between devices is an error that names what ran where", () => {
  const nodes = [
    { operator: "MatMulInteger", executionProvider: cpu },
    { operator: "MultiHeadAttention", executionProvider: cuda },
  ];
  expect(() => deviceOf(nodes)).toThrow(
    "1 on cpu, 1 on cuda: MatMulInteger (CPUExecutionProvider), MultiHeadAttention (CUDAExecutionProvider)",
  );
});

test("a graph without any work counts for the device of most of its operators", () => {
  const nodes = [cuda, cuda, cpu].map((executionProvider) => ({ operator: "Gather", executionProvider }));
  expect(deviceOf(nodes)).toBe("cuda");
});

test("a profile in which nothing ran proves nothing", () => {
  expect(() => deviceOf([])).toThrow("names no operator");
});

test("only events that name an operator and its provider count", () => {
  const profile = JSON.stringify([
    { cat: "Session", name: "model_run", args: {} },
    { cat: "Node", name: "fence", args: { op_name: "MatMul", provider: "" } },
    { cat: "Node", name: "kernel", args: { op_name: "MatMul", provider: cuda } },
    null,
  ]);
  expect(parseNodeRuns(profile)).toEqual([{ operator: "MatMul", executionProvider: cuda }]);
  expect(() => parseNodeRuns("{}")).toThrow("a profile that is none");
});
