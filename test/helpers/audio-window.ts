import type { AudioWindowInput } from "../../src/processes/protocol.ts";

/** 15 s of 80 mel bins, all zero, in French, with whatever the test says else. */
export function audioWindow(changes: Partial<AudioWindowInput> = {}): AudioWindowInput {
  const { melBins = 80, frames = 1_500 } = changes;
  return {
    kind: "audio",
    features: new Float32Array(melBins * frames),
    melBins,
    frames,
    audioMs: 10 * frames,
    language: "fr",
    promptTokenIds: new Int32Array(),
    temperature: 0,
    seed: 0,
    ...changes,
  };
}
