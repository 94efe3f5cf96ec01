import { expect, test } from "vitest";
import { chooseCudaRuntime, type RuntimeReading } from "../../../src/hardware/choose-cuda-runtime.ts";
import { gpuProfiles } from "../../../src/hardware/hardware-profiles.ts";
import { runtime127, runtime130, twoH200 } from "../../helpers/gpu-devices.ts";

const h200 = gpuProfiles.find(({ name }) => name === "h200")!;
const b200 = gpuProfiles.find(({ name }) => name === "b200")!;
const of130: RuntimeReading = { runtime: runtime130 };
const of127: RuntimeReading = { runtime: runtime127 };
const without130: RuntimeReading = { runtime: { ...runtime130, cudaProvider: null } };
const without127: RuntimeReading = { runtime: { ...runtime127, cudaProvider: null } };
const missing127: RuntimeReading = {
  packageName: "onnxruntime-node-cuda",
  problem: "it is not installed",
};
const as130 = { onnxRuntime: { packageName: "onnxruntime-node", version: "1.30.0" } };
const as127 = { onnxRuntime: { packageName: "onnxruntime-node-cuda", version: "1.27.0" } };

test("where both can compute the ordinary one does", () => {
  expect(chooseCudaRuntime(h200, twoH200, [of130, of127])).toEqual(as130);
});

test("a B200 gets 1.27.0, whose provider holds code for it", () => {
  expect(chooseCudaRuntime(b200, twoH200, [of130, of127])).toEqual(as127);
  expect(chooseCudaRuntime(b200, twoH200, [without130, of127])).toEqual(as127);
});

test("one that lacks its provider, or has that of the other, leaves the work to the other", () => {
  const mixed: RuntimeReading = { runtime: { ...runtime130, cudaProvider: runtime127.cudaProvider } };
  expect(chooseCudaRuntime(h200, twoH200, [without130, of127])).toEqual(as127);
  expect(chooseCudaRuntime(h200, twoH200, [mixed, of127])).toEqual(as127);
  expect(chooseCudaRuntime(h200, twoH200, [of130, missing127])).toEqual(as130);
});

test("where none can compute the detail tells what was found in each", () => {
  expect(chooseCudaRuntime(h200, twoH200, [without130, missing127])).toEqual({
    cudaProblem: {
      reason: "no_provider",
      detail:
        "no ONNX Runtime can compute on the GPU: onnxruntime-node has no CUDA provider beside its core 1.30.0 (npm run " +
        "setup:gpu brings it); onnxruntime-node-cuda: it is not installed",
    },
  });
});

test("the reason is that of the one which is nearest to being used", () => {
  expect(chooseCudaRuntime(b200, twoH200, [of130, without127])).toMatchObject({
    cudaProblem: {
      reason: "no_kernels",
      detail: expect.stringMatching(/capability 10\.0; .*beside its core 1\.27\.0/),
    },
  });
  const oldDriver = twoH200.map((device) => ({ ...device, driverVersion: "570.86.15" }));
  expect(chooseCudaRuntime(b200, oldDriver, [of130, of127])).toMatchObject({ cudaProblem: { reason: "old_driver" } });
});
