import { type OnnxRuntimePackage, onnxRuntimeVariable } from "../onnx-runtime-package.ts";

/** What a process computes on, and with. */
export interface VisibleGpu {
  /** Of the only GPU, or slice of one, that it can see. */
  readonly uuid: string;
  /** The package that it loads, beside whose core the CUDA provider lies. */
  readonly onnxRuntime: OnnxRuntimePackage;
}

/**
 * The environment that a process needs to compute on a GPU, besides that of any other.
 * @param environment of this process, of which only the way to CUDA's libraries is passed on.
 */
export function gpuEnvironment(
  { uuid, onnxRuntime }: VisibleGpu,
  // oxlint-disable-next-line node/no-process-env -- the dynamic linker's own variable, no setting of the service
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, string> {
  const libraries = environment["LD_LIBRARY_PATH"] ?? "";
  return {
    CUDA_VISIBLE_DEVICES: uuid,
    [onnxRuntimeVariable]: onnxRuntime,
    ...(libraries === "" ? {} : { LD_LIBRARY_PATH: libraries }),
  };
}
