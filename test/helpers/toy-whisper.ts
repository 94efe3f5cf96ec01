import { fileURLToPath } from "node:url";
import type { Manifest } from "../../src/model-store/manifest.ts";
import type { AudioWindowInput } from "../../src/processes/protocol.ts";
import { audioWindow } from "./audio-window.ts";
import { validManifest } from "./model-folder.ts";

/** A model folder with graphs of every layout, see its `make.py`. Its spectrograms have 2 rows and up to 8 frames. */
export const toyWhisperFolder = fileURLToPath(new URL("../fixtures/models/toy-whisper", import.meta.url));

/** A manifest that lists these files of the folder. */
export function toyWhisperManifest(...onnxFiles: readonly string[]): Manifest {
  const files = Object.fromEntries(["config.json", "generation_config.json", ...onnxFiles].map((path) => [path, ""]));
  return { ...validManifest(files), task: "automatic-speech-recognition", plugin: "whisper" };
}

/** A window of so many frames, the first of which holds the number. */
export function toyWindow(number: number, frames: number, language: "en" | "fr" | null = "fr"): AudioWindowInput {
  const features = new Float32Array(2 * frames);
  features[0] = number;
  return audioWindow({ features, melBins: 2, frames, language });
}

/** What the toy says after the prompt when its features have this sum. */
export function toyTokens(sumOfFeatures: number, language: "en" | "fr"): number[] {
  const fed = [11, language === "en" ? 12 : 13, 14, 16];
  const text: number[] = [];
  for (;;) {
    const wanted = (3 * fed.reduce((total, each) => total + each, 0) + sumOfFeatures) % 11;
    const choices = [0, 1, 2, 3, 4, 5, 6, 8, 9, ...(text.length > 0 ? [10] : [])];
    const [token = 0] = choices.toSorted((one, other) => Math.abs(one - wanted) - Math.abs(other - wanted));
    if (token === 10 || text.length >= 60) {
      return text;
    }
    text.push(token);
    fed.push(token);
  }
}
