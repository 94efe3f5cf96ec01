import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { LogMel } from "../../../src/audio/log-mel.ts";
import { readVoxtralConfig } from "../../../src/inference/voxtral/voxtral-config.ts";
import { TekkenTokenizer } from "../../../src/text/tekken-tokenizer.ts";
import { VoxtralPrompt } from "../../../src/text/voxtral-prompt.ts";
import { readClips, repeated } from "../../speech/clips.ts";

/** One window as every contestant reads it. */
export interface VoxtralInput {
  /** File of float32: the log-mel spectrogram [melBins × frames]. */
  readonly features: string;
  readonly melBins: number;
  readonly frames: number;
  readonly promptTokenIds: readonly number[];
}

/** One chunk of Voxtral's encoder. */
const seconds = 30;

/**
 * 30 s of speech, and the prompt that the service would write for it.
 * @param work gets the spectrogram.
 */
export async function prepareInput(folder: string, work: string): Promise<VoxtralInput> {
  const { melBins, framesPerChunk, tokensPerChunk } = await readVoxtralConfig(folder);
  if (melBins !== 80 && melBins !== 128) {
    throw new Error(`${folder} wants ${melBins} mel bins; 80 or 128 were expected`);
  }
  const samples = Float32Array.from(repeated(readClips(null), seconds).samples, (sample) => sample / 32_768);
  const features = join(work, "features.f32");
  writeFileSync(features, new LogMel(melBins, null).features(samples, framesPerChunk));
  const prompt = new VoxtralPrompt(await TekkenTokenizer.load(folder), tokensPerChunk);
  return { features, melBins, frames: framesPerChunk, promptTokenIds: [...prompt.tokenIds(1, "fr")] };
}
