import { onnxRuntimePackages, onnxRuntimeVariable } from "../onnx-runtime-package.ts";

/**
 * The ONNX Runtime that the parent chose for this process. One process must never load two: the dynamic linker knows
 * their cores by one name, and gives the second binding the first one's.
 * @throws Error when the parent names none of ours, or one that is not installed.
 */
export async function loadOnnxRuntime(): Promise<typeof import("onnxruntime-node")> {
  // oxlint-disable-next-line node/no-process-env -- the parent writes the whole of it; a message would come after the imports
  const asked = process.env[onnxRuntimeVariable] ?? onnxRuntimePackages[0];
  const name = onnxRuntimePackages.find((each) => each === asked);
  if (name === undefined) {
    throw new Error(`${onnxRuntimeVariable} names none of ${onnxRuntimePackages.join(", ")}`);
  }
  return (await import(name)) as typeof import("onnxruntime-node");
}
