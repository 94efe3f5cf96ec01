import { afterEach, expect, test, vi } from "vitest";
import { loadOnnxRuntime } from "../../../src/inference/load-onnx-runtime.ts";
import { onnxRuntimeVariable } from "../../../src/onnx-runtime-package.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

test("a process that is told nothing loads the ordinary ONNX Runtime", async () => {
  vi.stubEnv(onnxRuntimeVariable, undefined);
  expect((await loadOnnxRuntime()).env.versions.node).toBe("1.30.0");
});

test("nothing but an ONNX Runtime of ours is loaded, whatever the name says", async () => {
  vi.stubEnv(onnxRuntimeVariable, "node:fs");
  await expect(loadOnnxRuntime()).rejects.toThrow("ONNX_RUNTIME_PACKAGE names none of onnxruntime-node");
});
