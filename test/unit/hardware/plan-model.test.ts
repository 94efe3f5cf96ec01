import fc from "fast-check";
import { expect, test } from "vitest";
import { usableBytes } from "../../../src/hardware/device-limits.ts";
import type { Hardware } from "../../../src/hardware/hardware.ts";
import { judgeHardware } from "../../../src/hardware/hardware.ts";
import { type ModelToPlan, planModel } from "../../../src/hardware/plan-model.ts";
import type { Manifest } from "../../../src/model-store/manifest.ts";
import { graphBytesOf } from "../../../src/model-store/model-variants.ts";
import { type Precision, precisions } from "../../../src/precision.ts";
import { cpuMachine, h200Machine, twoH200 } from "../../helpers/gpu-devices.ts";
import { validManifest } from "../../helpers/model-folder.ts";

const onnxRuntime = { packageName: "onnxruntime-node", version: "1.30.0" };
const onGpu = { provider: "cuda", devices: twoH200, onnxRuntime, mayFallBack: true };
const onCpu = { provider: "cpu", fallback: null };
const unusable = judgeHardware({ profile: "auto", requireGpu: false }, { devices: twoH200 }, [
  { runtime: { packageName: "onnxruntime-node", coreVersion: "1.30.0", cudaProvider: null } },
]);

test.each(["fp32", "fp16", "int4"] as const)("a model of %s goes to the GPU by itself", (precision) => {
  expect(planModel(modelOf(precision), h200Machine, false)).toMatchObject(onGpu);
});

test("a model of 8 bits goes to the GPU only when it is told to", () => {
  expect(planModel(modelOf("int8"), h200Machine, false)).toMatchObject(onCpu);
  expect(planModel(modelOf("int8", { executionProvider: "cuda" }), h200Machine, false)).toMatchObject(onGpu);
});

test("a model that is told to stay on the CPU does, and falls back from nothing", () => {
  const model = modelOf("fp16", { executionProvider: "cpu" });
  expect(planModel(model, h200Machine, true)).toMatchObject(onCpu);
  expect(planModel(model, unusable, false)).toMatchObject(onCpu);
});

test("without a GPU only a model that asks for one falls back", () => {
  expect(planModel(modelOf("fp16"), cpuMachine, false)).toMatchObject(onCpu);
  const asked = planModel(modelOf("fp16", { executionProvider: "cuda" }), cpuMachine, false);
  expect(asked).toMatchObject({ provider: "cpu", fallback: { reason: "no_device" } });
});

test("with a GPU that cannot be used every model that was meant for it falls back", () => {
  const planned = planModel(modelOf("fp16"), unusable, false);
  expect(planned).toMatchObject({ provider: "cpu", fallback: { reason: "no_provider" } });
});

test("where a GPU is required nothing falls back, neither before the start nor at it", () => {
  const model = modelOf("fp16");
  expect(planModel(model, h200Machine, true)).toMatchObject({ ...onGpu, mayFallBack: false });
  expect(planModel(model, unusable, true)).toEqual({ problem: expect.stringContaining("has no CUDA provider") });
  expect(planModel(model, cpuMachine, true)).toEqual({ problem: expect.stringContaining("no GPU") });
  expect(planModel(modelOf("int8"), h200Machine, true)).toEqual({
    problem: expect.stringContaining("set its executionProvider to cpu or cuda"),
  });
});

test("of several graphs a GPU gets the first of its order, and the CPU those of the manifest itself", () => {
  const model = modelOf("int8", {}, { fp32: 4e8, int4: 1e8, fp16: 2e8 });
  expect(planModel(model, h200Machine, false)).toMatchObject({
    ...onGpu,
    variant: { precision: "fp16" },
    cpuVariant: { precision: "int8" },
  });
  expect(planModel(model, cpuMachine, false)).toMatchObject({ ...onCpu, variant: { precision: "int8" } });
  expect(planModel(model, unusable, false)).toMatchObject({ provider: "cpu", variant: { precision: "int8" } });
});

test("graphs for which the device has no room are passed over", () => {
  const model = modelOf("int4", {}, { fp16: 96e9, fp32: 192e9 });
  expect(planModel(model, h200Machine, false)).toMatchObject({ ...onGpu, variant: { precision: "fp16" } });
  expect(planModel(model, machineWith(80e9), false)).toMatchObject({
    provider: "cuda",
    variant: { precision: "int4" },
  });
  // Two processes on each device hold the weights twice.
  const twice = { ...model, gpuProcesses: 4 };
  expect(planModel(twice, h200Machine, false)).toMatchObject({ ...onGpu, variant: { precision: "int4" } });
});

test("embeddings that are looked up on the CPU need no room on the device", () => {
  const model = modelOf("fp16", {}, {}, 100e9);
  const embeddings = { path: "onnx/embed_tokens_fp16.onnx_data", bytes: 20e9, sha256: "0".repeat(64) };
  const manifest = { ...model.manifest, files: [...model.manifest.files, embeddings] };
  const roomy = machineWith(115e9);
  expect(planModel({ ...model, manifest }, roomy, false)).toMatchObject({ provider: "cuda" });
  const decoder = { ...embeddings, path: "onnx/decoder_model_merged_fp16.onnx_data" };
  const heavier = { ...model.manifest, files: [...model.manifest.files, decoder] };
  expect(planModel({ ...model, manifest: heavier }, roomy, false)).toMatchObject({ fallback: { reason: "no_room" } });
});

test("of two forms of one precision a device gets the one that is for devices", () => {
  const model = modelOf("int4", {}, { int4: 2e6 });
  const planned = planModel(model, h200Machine, false);
  expect(planned).toMatchObject({ variant: { files: [{ bytes: 2e6 }] }, cpuVariant: { files: [{ bytes: 1e6 }] } });
});

test("where nothing has room the model falls back with what it would need, or is refused", () => {
  const model = modelOf("fp16", { executionProvider: "cuda" }, { int4: 50e9 }, 200e9);
  expect(planModel(model, machineWith(40e9), false)).toMatchObject({
    provider: "cpu",
    fallback: {
      reason: "no_room",
      detail: "a device has room for 36.0 GB, but with one process on it fp16 needs 201.1 GB, int4 needs 51.1 GB",
    },
  });
  expect(planModel(model, machineWith(40e9), true)).toEqual({
    problem: expect.stringContaining("a device has room for 36.0 GB"),
  });
});

test("a precision that is set is taken on whatever computes, and must be among the graphs", () => {
  const model = modelOf("int8", { precision: "fp32" }, { fp16: 2e8, fp32: 4e8 });
  expect(planModel(model, h200Machine, false)).toMatchObject({ ...onGpu, variant: { precision: "fp32" } });
  expect(planModel(model, cpuMachine, false)).toMatchObject({ ...onCpu, variant: { precision: "fp32" } });
  const eight = modelOf("int8", { precision: "int8" }, { fp16: 2e8 });
  expect(planModel(eight, h200Machine, false)).toMatchObject({ ...onCpu, variant: { precision: "int8" } });
  expect(planModel(modelOf("int8", { precision: "int4" }), h200Machine, false)).toEqual({
    problem: "precision is int4, but the manifest lists no graphs of it",
  });
});

test("a model of texts needs room for a window, too", () => {
  const bytes = 1e9;
  // Room for the graphs and the context, and nothing else.
  const machine = machineWith((bytes + 1024 ** 3) / 0.9 + 2);
  const model = modelOf("fp16", {}, {}, bytes);
  expect(planModel(model, machine, false)).toMatchObject({ provider: "cuda" });
  expect(planModel({ ...model, windowTokens: 128 }, machine, false)).toMatchObject({ fallback: { reason: "no_room" } });
});

test("whatever graphs there are, those that are chosen for a GPU fit, and none before them in its order does", () => {
  const sizes = fc.double({ min: 1e6, max: 3e11, noNaN: true }).map(Math.floor);
  const variants = fc.record({ fp32: sizes, fp16: sizes, int4: sizes }, { requiredKeys: [] });
  const memory = fc.double({ min: 1e9, max: 2e11, noNaN: true });
  fc.assert(
    fc.property(variants, memory, fc.integer({ min: 1, max: 8 }), (there, bytes, gpuProcesses) => {
      const model = { ...modelOf("int8", {}, there), gpuProcesses };
      const planned = planModel(model, machineWith(bytes), false);
      const fits = (size: number) =>
        Math.ceil(gpuProcesses / twoH200.length) * (size + 1024 ** 3) <= usableBytes(bytes);
      const fitting = (["fp16", "int4", "fp32"] as const).filter((each) => fits(there[each] ?? Infinity));
      if ("problem" in planned) {
        throw new Error(planned.problem);
      }
      expect(planned.provider === "cuda" ? planned.variant.precision : undefined).toBe(fitting[0]);
      expect(planned.provider === "cuda" || planned.variant.precision === "int8").toBe(true);
      expect(graphBytesOf(planned.variant)).toBeGreaterThan(0);
    }),
  );
});

/** A model whose own graphs are of `precision`, with others of so many bytes. */
function modelOf(
  precision: Precision,
  settings: Partial<Pick<ModelToPlan, "executionProvider" | "precision">> = {},
  variants: Partial<Record<Precision, number>> = {},
  bytes = 1e6,
): ModelToPlan {
  const further: NonNullable<Manifest["variants"]> = {};
  for (const each of precisions) {
    const size = variants[each];
    if (size !== undefined) {
      further[each] = fileOf(size);
    }
  }
  const manifest = { ...validManifest(), precision, files: fileOf(bytes), variants: further };
  return { executionProvider: "auto", precision: "auto", manifest, gpuProcesses: 2, windowTokens: 0, ...settings };
}

function fileOf(bytes: number): Manifest["files"] {
  return [{ path: "onnx/model.onnx", bytes, sha256: "0".repeat(64) }];
}

function machineWith(memoryBytes: number): Hardware {
  return { ...h200Machine, devices: twoH200.map((device) => ({ ...device, memoryBytes })) };
}
