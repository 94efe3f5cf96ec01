import type { Config } from "../config.ts";
import type { Manifest } from "../model-store/manifest.ts";
import type { CudaProblem, CudaRuntime } from "./choose-cuda-runtime.ts";
import type { GpuDevice } from "./gpu-device.ts";
import type { Hardware } from "./hardware.ts";

/** Where the processes of a model are to compute. */
export type ModelPlan =
  | {
      readonly provider: "cpu";
      /** Why it is not the GPU that it should be; null when it should not. */
      readonly fallback: CudaProblem | null;
    }
  | {
      readonly provider: "cuda";
      readonly devices: readonly GpuDevice[];
      readonly onnxRuntime: CudaRuntime;
      readonly mayFallBack: boolean;
    };

/**
 * A model that is left to the service goes to the GPU when there is one and its precision is for GPUs; one that should be
 * on a GPU and cannot falls back to the CPU.
 * @returns a problem, in plain words, when `requireGpu` forbids that.
 */
export function planModel(
  { executionProvider, precision }: Pick<Manifest, "precision"> & Pick<Config["models"][number], "executionProvider">,
  { profile, devices, cudaProblem, onnxRuntime, expectsGpu }: Hardware,
  requireGpu: boolean,
): ModelPlan | { readonly problem: string } {
  if (executionProvider === "cpu") {
    return { provider: "cpu", fallback: null };
  }
  const isForGpu = executionProvider === "cuda" || (expectsGpu && isGpuPrecision(precision, profile));
  if (requireGpu && !isForGpu) {
    const detail = `a model of precision ${precision} is left to the CPU; set its executionProvider to cpu or cuda`;
    return { problem: `hardware.requireGpu is set, but ${cudaProblem?.detail ?? detail}` };
  }
  if (!isForGpu) {
    return { provider: "cpu", fallback: null };
  }
  if (cudaProblem === null) {
    return { provider: "cuda", devices, onnxRuntime, mayFallBack: !requireGpu };
  }
  return requireGpu
    ? { problem: `hardware.requireGpu is set, but ${cudaProblem.detail}` }
    : { provider: "cpu", fallback: cudaProblem };
}

/** Where no profile could be chosen there is a GPU all the same, and every model that could run on one is meant for it. */
function isGpuPrecision(precision: Manifest["precision"], profile: Hardware["profile"]): boolean {
  return profile.name === "cpu" ? precision !== "int8" : profile.precisions.includes(precision);
}
