import { encoderNeed, whisperBatchNeed } from "./hardware/speech-memory.ts";
import { type ModelConfig, requireListed } from "./local-model.ts";
import type { ModelFolder } from "./model-store/model-folder.ts";
import { readWhisperDimensions, readWhisperSettings } from "./model-store/whisper-settings.ts";
import { OperatorError } from "./operator-error.ts";
import type { SpeechFamily } from "./speech-family.ts";
import { ByteLevelDecoder } from "./text/byte-level-decoder.ts";

/** Columns of a window: the encoder repeats itself below 15 s and ends at 30 s. */
const fewestFrames = 1_500;
const mostFrames = 3_000;
/** A run costs half as much for 15 s as for 30 s, and longer ones gain nothing: measured at 18 s. */
const packedFrames = 1_800;

/** Read here or by the plugin, graphs aside. */
const filesInUse = ["config.json", "generation_config.json", "preprocessor_config.json", "tokenizer.json"];

/**
 * Whisper finds out the language itself; its plugin writes the prompt, which depends on that.
 * @throws {OperatorError} that names the file and what is wrong with it.
 */
export async function openWhisperFamily(
  folder: ModelFolder,
  { chunksPerWindow }: Pick<ModelConfig, "chunksPerWindow">,
): Promise<SpeechFamily> {
  requireListed(folder, filesInUse);
  if (chunksPerWindow !== 1) {
    throw new OperatorError(
      `chunksPerWindow must be 1 for the Whisper model in ${folder.path}: it reads 30 s at a time`,
    );
  }
  const { languages, melBins } = await readWhisperSettings(folder.path);
  const decoder = await ByteLevelDecoder.load(folder.path);
  const dimensions = await readWhisperDimensions(folder.path);
  const deviceRuns = {
    batchNeed: whisperBatchNeed(dimensions),
    timedNeed: encoderNeed(dimensions),
    answersInOneRun: false,
  };
  return {
    languages,
    detectsLanguage: true,
    // Half as many states as columns: their number is even.
    windows: { melBins, fewestFrames, mostFrames, frameStep: 2, packedFrames, logMelMaximum: null },
    promptFor: () => new Int32Array(),
    onDevice: () => deviceRuns,
    decode: (tokenIds) => decoder.decode(tokenIds),
  };
}
