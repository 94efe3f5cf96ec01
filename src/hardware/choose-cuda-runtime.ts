import type { FallbackReason } from "../events.ts";
import type { OnnxRuntimePackage } from "../onnx-runtime-package.ts";
import type { GpuDevice } from "./gpu-device.ts";
import type { GpuProfile } from "./hardware-profiles.ts";
import type { OnnxRuntimeFacts } from "./onnx-runtime-facts.ts";

/** Why nothing can be computed on a GPU. */
export interface CudaProblem {
  readonly reason: FallbackReason;
  /** In plain words, for the operator. */
  readonly detail: string;
}

/** The ONNX Runtime that computes on the GPUs: a core, and the CUDA provider that belongs to it. */
export interface CudaRuntime {
  readonly packageName: OnnxRuntimePackage;
  /** Of both. */
  readonly version: string;
}

/** One of the ONNX Runtimes that could be installed, or why it could not be read. */
export type RuntimeReading =
  | { readonly runtime: OnnxRuntimeFacts }
  | { readonly packageName: OnnxRuntimePackage; readonly problem: string };

/** Of two runtimes that cannot be used, that with the later reason is nearer to it. */
const reasonsInOrder: readonly FallbackReason[] = ["no_provider", "version_mismatch", "no_kernels", "old_driver"];

/**
 * The first of the runtimes whose provider belongs to its core, holds code for the devices and suits their driver.
 * Otherwise what is wrong with each, under the reason of the one that is nearest.
 */
export function chooseCudaRuntime(
  profile: GpuProfile,
  devices: readonly GpuDevice[],
  readings: readonly RuntimeReading[],
): { readonly onnxRuntime: CudaRuntime } | { readonly cudaProblem: CudaProblem } {
  const problems: CudaProblem[] = [];
  for (const reading of readings) {
    if ("problem" in reading) {
      problems.push({ reason: "no_provider", detail: `${reading.packageName}: ${reading.problem}` });
      continue;
    }
    const problem = findProblem(profile, devices, reading.runtime);
    if (problem === null) {
      const { packageName, coreVersion } = reading.runtime;
      return { onnxRuntime: { packageName, version: coreVersion } };
    }
    problems.push(problem);
  }
  const reason =
    reasonsInOrder.findLast((each) => problems.some((problem) => problem.reason === each)) ?? "no_provider";
  const details = problems.map(({ detail }) => detail).join("; ");
  return { cudaProblem: { reason, detail: `no ONNX Runtime can compute on the GPU: ${details}` } };
}

/** ONNX Runtime itself compares no versions, and fails with misleading words or, on the device, with none at all. */
function findProblem(
  { computeCapability, minimumCuda }: GpuProfile,
  devices: readonly GpuDevice[],
  { packageName, coreVersion, cudaProvider }: OnnxRuntimeFacts,
): CudaProblem | null {
  if (cudaProvider === null) {
    const detail = `${packageName} has no CUDA provider beside its core ${coreVersion} (npm run setup:gpu brings it)`;
    return { reason: "no_provider", detail };
  }
  const { build, buildId } = cudaProvider;
  if (build === null) {
    const detail = `the CUDA provider of ${packageName} is a build whose version is not known (build ID ${buildId ?? "none"})`;
    return { reason: "version_mismatch", detail };
  }
  if (build.version !== coreVersion) {
    const detail = `the CUDA provider of ${packageName} is ${build.version}, its core is ${coreVersion}`;
    return { reason: "version_mismatch", detail };
  }
  if (!build.computeCapabilities.includes(computeCapability)) {
    const detail = `the CUDA provider ${build.version} holds no code for compute capability ${computeCapability}`;
    return { reason: "no_kernels", detail };
  }
  if (isOlder(build.cuda, minimumCuda)) {
    const detail = `the CUDA provider is made for CUDA ${build.cuda}, the device needs ${minimumCuda} or newer`;
    return { reason: "no_kernels", detail };
  }
  const oldDriver = devices.find(({ driverVersion }) => isOlder(driverVersion, `${build.minimumDriver}`));
  if (oldDriver !== undefined) {
    const detail = `the driver is ${oldDriver.driverVersion}, CUDA ${build.cuda} needs ${build.minimumDriver} or newer`;
    return { reason: "old_driver", detail };
  }
  return null;
}

function isOlder(version: string, than: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = than.split(".").map(Number);
  return major < wantedMajor || (major === wantedMajor && minor < wantedMinor);
}
