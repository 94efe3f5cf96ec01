/** The packages that hold a core of ONNX Runtime, the one that computes on the CPU first. */
export const onnxRuntimePackages = ["onnxruntime-node", "onnxruntime-node-cuda"] as const;

export type OnnxRuntimePackage = (typeof onnxRuntimePackages)[number];

/** Names the package to an inference process that is to load another one than the first. */
export const onnxRuntimeVariable = "ONNX_RUNTIME_PACKAGE";
