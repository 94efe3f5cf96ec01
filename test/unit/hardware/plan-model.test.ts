import { expect, test } from "vitest";
import { judgeHardware } from "../../../src/hardware/hardware.ts";
import { planModel } from "../../../src/hardware/plan-model.ts";
import { cpuMachine, h200Machine, twoH200 } from "../../helpers/gpu-devices.ts";

const onnxRuntime = { packageName: "onnxruntime-node", version: "1.30.0" };
const onGpu = { provider: "cuda", devices: twoH200, onnxRuntime, mayFallBack: true };
const onCpu = { provider: "cpu", fallback: null };
const unusable = judgeHardware({ profile: "auto", requireGpu: false }, { devices: twoH200 }, [
  { runtime: { packageName: "onnxruntime-node", coreVersion: "1.30.0", cudaProvider: null } },
]);

test.each(["fp32", "fp16", "int4"] as const)("a model of %s goes to the GPU by itself", (precision) => {
  expect(planModel({ executionProvider: "auto", precision }, h200Machine, false)).toEqual(onGpu);
});

test("a model of 8 bits goes to the GPU only when it is told to", () => {
  expect(planModel({ executionProvider: "auto", precision: "int8" }, h200Machine, false)).toEqual(onCpu);
  expect(planModel({ executionProvider: "cuda", precision: "int8" }, h200Machine, false)).toEqual(onGpu);
});

test("a model that is told to stay on the CPU does, and falls back from nothing", () => {
  expect(planModel({ executionProvider: "cpu", precision: "fp16" }, h200Machine, true)).toEqual(onCpu);
  expect(planModel({ executionProvider: "cpu", precision: "fp16" }, unusable, false)).toEqual(onCpu);
});

test("without a GPU only a model that asks for one falls back", () => {
  expect(planModel({ executionProvider: "auto", precision: "fp16" }, cpuMachine, false)).toEqual(onCpu);
  const asked = planModel({ executionProvider: "cuda", precision: "fp16" }, cpuMachine, false);
  expect(asked).toMatchObject({ provider: "cpu", fallback: { reason: "no_device" } });
});

test("with a GPU that cannot be used every model that was meant for it falls back", () => {
  const model = { executionProvider: "auto", precision: "fp16" } as const;
  expect(planModel(model, unusable, false)).toMatchObject({ provider: "cpu", fallback: { reason: "no_provider" } });
});

test("where a GPU is required nothing falls back, neither before the start nor at it", () => {
  const model = { executionProvider: "auto", precision: "fp16" } as const;
  expect(planModel(model, h200Machine, true)).toEqual({ ...onGpu, mayFallBack: false });
  expect(planModel(model, unusable, true)).toEqual({ problem: expect.stringContaining("has no CUDA provider") });
  expect(planModel(model, cpuMachine, true)).toEqual({ problem: expect.stringContaining("no GPU") });
  expect(planModel({ ...model, precision: "int8" }, h200Machine, true)).toEqual({
    problem: expect.stringContaining("set its executionProvider to cpu or cuda"),
  });
});
