import type { GpuDevice } from "../../src/hardware/gpu-device.ts";
import { type Hardware, judgeHardware } from "../../src/hardware/hardware.ts";
import { type OnnxRuntimeFacts, type ProviderBuild, providerBuild } from "../../src/hardware/onnx-runtime-facts.ts";
import type { OnnxRuntimePackage } from "../../src/onnx-runtime-package.ts";

/** Rows as `nvidia-smi --query-gpu=index,uuid,name,compute_cap,memory.total,driver_version,mig.mode.current` prints them. */
export const gpuRows = {
  a100: "0, GPU-5d5ba0d6-d33d-2b2c-524d-9e3d8d2b8a77, NVIDIA A100-SXM4-80GB, 8.0, 81920, 580.65.06, Disabled",
  h100: "0, GPU-9a5f3c11-0b7e-4a55-8a0e-0d6c9d3d1f01, NVIDIA H100 80GB HBM3, 9.0, 81559, 580.65.06, Disabled",
  h200: "0, GPU-1c7d2e90-52f4-4c2b-9d0a-6b1e7a3c5d02, NVIDIA H200, 9.0, 143771, 580.65.06, Disabled",
  b200: "0, GPU-7e21b6aa-3f60-4e0e-b1d7-2a9c4e8f6b03, NVIDIA B200, 10.0, 183359, 580.65.06, Disabled",
} as const;

/** Two H200, as the driver would tell of them. */
export const twoH200: readonly GpuDevice[] = ["GPU-aaaaaaaa-0000", "GPU-bbbbbbbb-1111"].map((uuid) => ({
  uuid,
  name: "NVIDIA H200",
  computeCapability: "9.0",
  memoryBytes: 143_771 * 1024 * 1024,
  driverVersion: "580.65.06",
  migProfile: null,
}));

/** A core of this version with a CUDA provider of this one. */
export function runtimeOf(
  coreVersion: string,
  build: ProviderBuild | null,
  packageName: OnnxRuntimePackage = "onnxruntime-node",
): OnnxRuntimeFacts {
  return { packageName, coreVersion, cudaProvider: { buildId: "0123", build } };
}

/** ONNX Runtime 1.30.0 with the provider that belongs to it. */
export const runtime130: OnnxRuntimeFacts = runtimeOf(
  "1.30.0",
  providerBuild("cb49769971ffd58123f8d12b4284c2cc741d9c0b"),
);

/** ONNX Runtime 1.27.0 with the provider that belongs to it. */
export const runtime127: OnnxRuntimeFacts = runtimeOf(
  "1.27.0",
  providerBuild("3781a36fb315a96333a3d694a908377237189929"),
  "onnxruntime-node-cuda",
);

/** A machine of two H200 with all that they need. */
export const h200Machine: Hardware = judgeHardware({ profile: "auto", requireGpu: false }, { devices: twoH200 }, [
  { runtime: runtime130 },
]);

/** A machine without any GPU. */
export const cpuMachine: Hardware = judgeHardware({ profile: "auto", requireGpu: false }, { devices: [] }, []);
