import fc from "fast-check";
import { expect, test } from "vitest";
import { classifyRunFailure } from "../../../src/inference/run-failure.ts";

/** `CudaCall` of ONNX Runtime 1.30.0 words it so: the format is in its CUDA provider, the texts are of libcudart 13. */
function cudaFailure(library: string, code: number, text: string, expression: string): string {
  const place =
    "GPU=0 ; hostname=node-7 ; file=/onnxruntime_src/onnxruntime/core/providers/cuda/cuda_call.cc ; line=130";
  return `/models/x/onnx/model.onnx: Non-zero status code returned while running MatMul node. Name:'MatMul_7' Status Message: ${library} failure ${code}: ${text} ; ${place} ; expr=${expression}; `;
}

/** Of `bfc_arena.cc`; the first as ONNX Runtime 1.30.0 said it to Node under `prlimit --data`. */
const arenaMessages = [
  "Non-zero status code returned while running Gather node. Name:'Gather_11' Status Message: /onnxruntime_src/onnxruntime/core/framework/bfc_arena.cc:360 void* onnxruntime::BFCArena::AllocateRawInternal(size_t, bool, onnxruntime::Stream*) Failed to allocate memory for requested buffer of size 589824000\n",
  "Non-zero status code returned while running Conv node. Name:'c' Status Message: bfc_arena.cc:368 Available memory of 1024 is smaller than requested bytes of 2830172160",
  "Non-zero status code returned while running MatMul node. Name:'m' Status Message: std::bad_alloc",
];

test.each([
  ...arenaMessages,
  "Array buffer allocation failed",
  cudaFailure("CUDA", 2, "out of memory", "cudaMalloc((void**)&p, size)"),
  cudaFailure("CUBLAS", 3, "CUBLAS_STATUS_ALLOC_FAILED", "cublasCreate(&cublas_handle_)"),
  cudaFailure("CUDNN", 4003, "CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED", "cudnnCreate(&handle)"),
  cudaFailure("CUDNN", 4004, "CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED", "cudnnConvolutionForward(x)"),
  // cuDNN 8 had this name.
  cudaFailure("CUDNN", 2, "CUDNN_STATUS_ALLOC_FAILED", "cudnnCreate(&handle)"),
])("%s is a lack of memory", (message) => {
  expect(classifyRunFailure(new Error(message))).toBe("out_of_memory");
});

test.each([
  [4, "driver shutting down"],
  [46, "CUDA-capable device(s) is/are busy or unavailable"],
  [100, "no CUDA-capable device is detected"],
  [101, "invalid device ordinal"],
  [214, "uncorrectable ECC error encountered"],
  [220, "uncorrectable NVLink error detected during the execution"],
  [226, "Invalid access of peer GPU memory over nvlink or a hardware error"],
  [700, "an illegal memory access was encountered"],
  [702, "the launch timed out and was terminated"],
  [709, "context is destroyed"],
  [710, "device-side assert triggered"],
  [714, "hardware stack error"],
  [715, "an illegal instruction was encountered"],
  [716, "misaligned address"],
  [717, "operation not supported on global/shared address space"],
  [718, "invalid program counter"],
  [719, "unspecified launch failure"],
  [721, "tensor memory not completely freed"],
  [806, "the remote procedural call between the MPS server and the MPS client failed"],
  [810, "the MPS client has been terminated by the server"],
  [911, "an async error has occured in external entity outside of CUDA"],
  [999, "unknown error"],
])("CUDA's error %i (%s) loses the device, in whichever call it shows", (code, text) => {
  for (const expression of ["cudaStreamSynchronize(stream)", "cudaMalloc((void**)&p, size)"]) {
    expect(classifyRunFailure(new Error(cudaFailure("CUDA", code, text, expression)))).toBe("device_lost");
  }
});

test.each([
  cudaFailure("CUBLAS", 13, "CUBLAS_STATUS_EXECUTION_FAILED", "cublasGemmHelper(x)"),
  cudaFailure("CUBLAS", 11, "CUBLAS_STATUS_MAPPING_ERROR", "cublasGemmHelper(x)"),
  cudaFailure("CUDNN", 5000, "CUDNN_STATUS_EXECUTION_FAILED", "cudnnConvolutionForward(x)"),
  cudaFailure("CUDNN", 5003, "CUDNN_STATUS_EXECUTION_FAILED_CUDART", "cudnnConvolutionForward(x)"),
  cudaFailure("CUDNN_FE", 7, "GRAPH_EXECUTION_FAILED", "s_.cudnn_fe_graph->execute(handle, s_.variant_pack, ws.get())"),
  // Passed on without its number.
  "CUDA error executing cudaMemcpy(dst_data, src_data, bytes): an illegal memory access was encountered",
])("%s loses the device", (message) => {
  expect(classifyRunFailure(new Error(message))).toBe("device_lost");
});

test.each([
  cudaFailure("CUDA", 1, "invalid argument", "cudaMemcpyAsync(a, b, n, kind, stream)"),
  cudaFailure("CUDA", 701, "too many resources requested for launch", "cudaGetLastError()"),
  cudaFailure("CUBLAS", 7, "CUBLAS_STATUS_INVALID_VALUE", "cublasGemmHelper(x)"),
  cudaFailure("CUDNN", 3000, "CUDNN_STATUS_NOT_SUPPORTED", "cudnnConvolutionForward(x)"),
  // No plan for a convolution, perhaps for want of memory.
  cudaFailure("CUDNN_FE", 8, "HEURISTIC_QUERY_FAILED", "s_.cudnn_fe_graph->create_execution_plans({heur_mode})"),
  // Libraries number their errors on their own.
  cudaFailure("CUDNN", 2, "CUDNN_STATUS_BAD_PARAM", "cudnnConvolutionForward(x)"),
  "indices element out of data bounds, idx=1000000 must be within the inclusive range [-32005,32004]",
  "the run was cancelled",
  "",
])("%s is neither", (message) => {
  expect(classifyRunFailure(new Error(message))).toBe("other");
});

test("whatever is thrown has a kind", () => {
  fc.assert(
    fc.property(fc.anything(), (thrown) => {
      expect(["out_of_memory", "device_lost", "other"]).toContain(classifyRunFailure(thrown));
    }),
  );
  expect(classifyRunFailure("std::bad_alloc")).toBe("other");
});
