import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { LogMel } from "./audio/log-mel.ts";
import { OperatorError } from "./operator-error.ts";
import { hopLength, samplingRate, type WindowShape } from "./processes/audio-protocol.ts";
import { systemErrorCode } from "./system-error-code.ts";
import type { SpeechWindowInput } from "./tasks/served-model.ts";

const file = fileURLToPath(new URL("../models/canary-speech/clip.wav", import.meta.url));

/** Of the file: what a model wrote of another clip says nothing of this one. */
export const canaryClipDigest = "d0103dac753572977075094c8f4e5384f7a2f938a29cbb5329823abab237c726";

/** That of the one file which the digest is of: 16 bits, 16 kHz, mono. */
const headerBytes = 44;

const language = "fr";

/**
 * The clip that speech models are asked as a canary, in the shortest window that the model reads.
 * @throws {OperatorError} when the file is not as it came with the service.
 */
export async function readCanaryWindow(
  { melBins, fewestFrames, frameStep, logMelMaximum }: WindowShape,
  languages: readonly string[],
): Promise<SpeechWindowInput> {
  const samples = await readSamples();
  const needed = frameStep * Math.ceil(samples.length / hopLength / frameStep);
  const frames = Math.max(fewestFrames, needed);
  return {
    features: new LogMel(melBins, logMelMaximum).features(samples, frames),
    frames,
    audioMs: Math.round((samples.length * 1_000) / samplingRate),
    language: languages.includes(language) ? language : (languages[0] ?? null),
    temperature: 0,
    seed: 0,
  };
}

async function readSamples(): Promise<Float32Array> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new OperatorError(`the clip ${file} cannot be read (${systemErrorCode(cause)})`, { cause });
  });
  if (createHash("sha256").update(bytes).digest("hex") !== canaryClipDigest) {
    throw new OperatorError(`the clip ${file} is not the one that came with the service`);
  }
  const count = (bytes.length - headerBytes) / 2;
  return Float32Array.from({ length: count }, (_, at) => bytes.readInt16LE(headerBytes + 2 * at) / 32_768);
}
