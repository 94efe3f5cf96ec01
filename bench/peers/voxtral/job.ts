import { readFileSync } from "node:fs";
import type { DecodeJob } from "./decode-job.ts";
import type { VoxtralInput } from "./voxtral-input.ts";

/** @param argument the first one of this process. */
export function readJob(argument: string | undefined): DecodeJob {
  return JSON.parse(argument ?? "") as DecodeJob;
}

/** The log-mel spectrogram [melBins × frames], row by row. */
export function readFeatures({ features }: VoxtralInput): Float32Array {
  const bytes = readFileSync(features);
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / Float32Array.BYTES_PER_ELEMENT);
}
