import type { Config } from "../config.ts";
import type { Manifest } from "../model-store/manifest.ts";
import type { ModelVariant } from "../model-store/model-variants.ts";
import type { CudaProblem, CudaRuntime } from "./choose-cuda-runtime.ts";
import { describeNoRoom, firstWithRoom, variantForCpu, variantsForDevice } from "./choose-variant.ts";
import type { GpuDevice } from "./gpu-device.ts";
import type { Hardware } from "./hardware.ts";
import { gpuPrecisions } from "./hardware-profiles.ts";

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

/** … and with which graphs. */
export type PlannedModel = ModelPlan & {
  readonly variant: ModelVariant;
  /** Those of a process that computes on the CPU all the same. */
  readonly cpuVariant: ModelVariant;
};

/** A model as its manifest and the settings have it. */
export interface ModelToPlan extends Pick<Config["models"][number], "executionProvider" | "precision"> {
  readonly manifest: Manifest;
  /** That it would have on all devices together, spares too; they are shared out evenly. */
  readonly gpuProcesses: number;
  /** Longest window of a model of texts; 0 of others, whose windows are not counted here. */
  readonly windowTokens: number;
}

/**
 * A model that is left to the service goes to the GPU when there is one and it has graphs for it; one that should be on a
 * GPU and cannot falls back to the CPU. Of several graphs for the GPU those are taken whose precision comes first in the
 * profile's order, among those for which every device has room.
 * @returns a problem, in plain words, when `requireGpu` forbids that, and when there are no graphs of the precision that
 * the settings name.
 */
export function planModel(
  model: ModelToPlan,
  { profile, devices, cudaProblem, onnxRuntime, expectsGpu }: Hardware,
  requireGpu: boolean,
): PlannedModel | { readonly problem: string } {
  const { executionProvider, precision, manifest, gpuProcesses, windowTokens } = model;
  const cpuVariant = variantForCpu(manifest, precision);
  if (cpuVariant === null) {
    return { problem: `precision is ${precision}, but the manifest lists no graphs of it` };
  }
  const onCpu = (fallback: CudaProblem | null) =>
    ({ provider: "cpu", fallback, variant: cpuVariant, cpuVariant }) as const;
  if (executionProvider === "cpu") {
    return onCpu(null);
  }
  // Where no profile could be chosen there is a GPU all the same, and every model that could run on one is meant for it.
  const order = profile.name === "cpu" ? gpuPrecisions : profile.precisions;
  const candidates = variantsForDevice(manifest, executionProvider === "cuda" ? [...order, "int8"] : order, precision);
  const isForGpu = executionProvider === "cuda" || (expectsGpu && candidates.length > 0);
  if (!isForGpu && !requireGpu) {
    return onCpu(null);
  }
  if (!isForGpu) {
    const detail = `a model of precision ${cpuVariant.precision} is left to the CPU; set its executionProvider to cpu or cuda`;
    return { problem: `hardware.requireGpu is set, but ${cudaProblem?.detail ?? detail}` };
  }
  const need = { processes: Math.ceil(gpuProcesses / Math.max(1, devices.length)), windowTokens };
  const variant = firstWithRoom(candidates, devices, need);
  if (cudaProblem === null && variant !== null) {
    return { provider: "cuda", devices, onnxRuntime, mayFallBack: !requireGpu, variant, cpuVariant };
  }
  const problem = cudaProblem ?? { reason: "no_room", detail: describeNoRoom(candidates, devices, need) };
  return requireGpu ? { problem: `hardware.requireGpu is set, but ${problem.detail}` } : onCpu(problem);
}
