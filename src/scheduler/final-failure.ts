import { ServiceError } from "../errors.ts";
import { ProcessExitedError } from "../processes/inference-process.ts";

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
