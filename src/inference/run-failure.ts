import type { RunFailureKind } from "../processes/protocol.ts";

/**
 * Errors of CUDA's runtime after which its documentation (CUDA 13.0, `driver_types.h`) wants the process to be ended, or
 * which say that the device or its context is gone. The rest leave a process that can go on.
 */
const lostCudaErrors: ReadonlySet<number> = new Set([
  4, // driver shutting down
  46, // device busy or unavailable
  100, // no device is detected
  101, // invalid device ordinal: it was there when the process began
  214, // uncorrectable ECC error
  220, // uncorrectable NVLink error
  226, // contained hardware error
  700, // illegal memory access
  702, // launch timed out
  709, // context is destroyed
  710, // device-side assert
  714, // hardware stack error
  715, // illegal instruction
  716, // misaligned address
  717, // operation on the wrong address space
  718, // invalid program counter
  719, // unspecified launch failure
  721, // tensor memory not completely freed
  806, // remote procedure call of MPS failed
  810, // MPS client terminated
  911, // asynchronous error of an external device
  999, // unknown: a driver that was reset says so
]);

/** `cudaErrorMemoryAllocation`. */
const cudaOutOfMemory = 2;

/**
 * Libraries above the runtime hide its error: a kernel that did not run, or memory that was not reachable, is what they
 * say of a context that is lost. cuDNN 9, its frontend, by which convolutions run, and cuBLAS 13.
 */
const lostLibraryStatus =
  /CUBLAS_STATUS_(?:MAPPING_ERROR|EXECUTION_FAILED)|CUDNN_STATUS_EXECUTION_FAILED|CUDNN_FE failure \d+: GRAPH_EXECUTION_FAILED/;
const emptyLibraryStatus = /CUBLAS_STATUS_ALLOC_FAILED|CUDNN_STATUS_\w*ALLOC(?:ATION)?_FAILED/;

/** What ONNX Runtime's arena, C++ and V8 say when there is no memory. */
const noMemory =
  /Failed to allocate memory for requested buffer|Available memory of \d+ is smaller than requested bytes|std::bad_alloc|Array buffer allocation failed/;

/** As CUDA's runtime words its errors where ONNX Runtime passes them on without their number. */
const lostWords = /illegal memory access was encountered|unspecified launch failure|device-side assert triggered/;

/**
 * What a failed run means for the next one, from the words of ONNX Runtime, whose Node binding tells nothing else. A lost
 * device comes first: its error is what every call says from then on, one that allocates too. (ONNX Runtime's arena
 * takes any error of `cudaMalloc` for a lack of memory, so that a lost device may be told as `out_of_memory`.)
 */
export function classifyRunFailure(error: unknown): RunFailureKind {
  const message = error instanceof Error ? error.message : "";
  const cudaErrors = [...message.matchAll(/\bCUDA failure (\d+):/g)].map(([, code]) => Number(code));
  if (
    cudaErrors.some((code) => lostCudaErrors.has(code)) ||
    lostLibraryStatus.test(message) ||
    lostWords.test(message)
  ) {
    return "device_lost";
  }
  if (cudaErrors.includes(cudaOutOfMemory) || emptyLibraryStatus.test(message) || noMemory.test(message)) {
    return "out_of_memory";
  }
  return "other";
}
