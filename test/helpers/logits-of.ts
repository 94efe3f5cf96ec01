import type { WindowOutput } from "../../src/processes/protocol.ts";

/** The logits of a window's output. */
export function logitsOf(output: WindowOutput | undefined): Float32Array {
  if (output?.kind !== "logits") {
    throw new Error(`the output is no row of logits but ${output?.kind}`);
  }
  return output.logits;
}
