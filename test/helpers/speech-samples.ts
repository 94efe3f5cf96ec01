import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const headerBytes = 44;

/** Path of a recording in `test/fixtures/audio/speech`. */
export function speechFile(name: string): string {
  return fileURLToPath(new URL(`../fixtures/audio/speech/${name}`, import.meta.url));
}

/** Its samples: 16 kHz, mono, -1 … 1. */
export function readSpeech(name: string): Float32Array {
  const bytes = readFileSync(speechFile(name)).subarray(headerBytes);
  return Float32Array.from({ length: bytes.length / 2 }, (_, at) => bytes.readInt16LE(2 * at) / 32_768);
}
