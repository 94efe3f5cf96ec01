import { ServiceError } from "../errors.ts";
import { ProcessExitedError } from "../processes/inference-process.ts";

/** Memory that others hold comes free when their runs end, or their processes: suggested wait in milliseconds. */
const memoryRetryAfterMs = 5_000;

/** What a request is told for a window of which there is too little memory, however it is tried. */
export function outOfMemory(): ServiceError {
  return new ServiceError("out_of_memory", "There is too little memory for this request. Try again later.", {
    retryAfterMs: memoryRetryAfterMs,
  });
}

/** What a request is told when a window of it is not tried again. @param error of its last run. */
export function finalFailure(error: unknown): ServiceError {
  if (error instanceof ProcessExitedError) {
    const { reason, exitCode, signal } = error.exit;
    return new ServiceError("inference_process_crashed", "The inference process ended while it ran this request.", {
      cause: error,
      facts: { reason, exitCode, signal },
    });
  }
  return new ServiceError("internal_error", "The inference failed.", { cause: error });
}
