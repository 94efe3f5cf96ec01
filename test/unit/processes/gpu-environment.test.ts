import { expect, test } from "vitest";
import { gpuEnvironment } from "../../../src/processes/gpu-environment.ts";

const gpu = { uuid: "GPU-aaaaaaaa-0000", onnxRuntime: "onnxruntime-node-cuda" } as const;
const always = { CUDA_VISIBLE_DEVICES: gpu.uuid, ONNX_RUNTIME_PACKAGE: "onnxruntime-node-cuda" };

test("a process on a GPU is told its device, its ONNX Runtime and the way to CUDA's libraries, and nothing else", () => {
  const environment = { LD_LIBRARY_PATH: "/opt/cuda/lib64:/opt/cudnn", LD_PRELOAD: "/x.so", API_KEYS: "secret" };
  expect(gpuEnvironment(gpu, environment)).toEqual({ ...always, LD_LIBRARY_PATH: "/opt/cuda/lib64:/opt/cudnn" });
});

test("without a way of its own the linker's is left alone", () => {
  expect(gpuEnvironment(gpu, {})).toEqual(always);
  expect(gpuEnvironment(gpu, { LD_LIBRARY_PATH: "" })).toEqual(always);
});
