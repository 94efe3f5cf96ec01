import { join } from "node:path";
import { encoderNeed, voxtralBatchNeed } from "./hardware/speech-memory.ts";
import { chunksPerRun, longestPrompt, mostNewTokens } from "./inference/voxtral/device-runs.ts";
import { speakableTokens } from "./inference/voxtral/voxtral-config.ts";
import { type ModelConfig, requireListed } from "./local-model.ts";
import type { ModelFolder } from "./model-store/model-folder.ts";
import type { ModelVariant } from "./model-store/model-variants.ts";
import { readVoxtralSettings, type VoxtralSettings } from "./model-store/voxtral-settings.ts";
import { OperatorError } from "./operator-error.ts";
import { hopLength, mostWindowFrames, samplingRate } from "./processes/audio-protocol.ts";
import type { DeviceRuns, SpeechFamily } from "./speech-family.ts";
import { TekkenTokenizer } from "./text/tekken-tokenizer.ts";
import { tekkenFileOf } from "./text/tekken-vocabulary.ts";
import { VoxtralPrompt } from "./text/voxtral-prompt.ts";

/** Of Voxtral-Mini-3B-2507 and Voxtral-Small-24B-2507, by their model cards; no file of the folder names them. */
const languages = ["de", "en", "es", "fr", "hi", "it", "nl", "pt"];

/** The longest segment of speech that comes in one piece. */
const longestSegmentFrames = (30 * samplingRate) / hopLength;

/**
 * Voxtral writes in the language that is spoken, or in the one that its prompt names. Its windows are whole chunks of
 * the audio that its encoder reads; several chunks go into one prompt where the settings say so.
 * @throws {OperatorError} that names the file and what is wrong with it.
 */
export async function openVoxtralFamily(
  modelFolder: ModelFolder,
  { chunksPerWindow }: Pick<ModelConfig, "chunksPerWindow">,
): Promise<SpeechFamily> {
  const folder = modelFolder.path;
  const tokenizerFile = tekkenFileOf(folder);
  requireListed(modelFolder, ["config.json", "generation_config.json", "preprocessor_config.json", tokenizerFile]);
  const settings = await readVoxtralSettings(folder);
  const tokenizer = await TekkenTokenizer.load(folder);
  checkVocabulary(join(folder, tokenizerFile), tokenizer, settings);
  const { melBins, framesPerChunk, logMelMaximum } = settings;
  const packedFrames = chunksPerWindow * framesPerChunk;
  const mostFrames = Math.max(packedFrames, framesPerChunk * Math.ceil(longestSegmentFrames / framesPerChunk));
  const prompt = new VoxtralPrompt(tokenizer, settings.tokensPerChunk);
  checkLength(folder, mostFrames, prompt, settings);
  const promptTokens = prompt.tokenIds(mostFrames / framesPerChunk, "fr").length;
  const answerTokens = speakableTokens((mostFrames * hopLength * 1_000) / samplingRate);
  const onDevice = (variant: ModelVariant): DeviceRuns => {
    const graphs = graphsOf(variant);
    const isFused = graphs.some((path) => path.startsWith("onnx/decoder_fused"));
    return {
      answersInOneRun: isFused && promptTokens <= longestPrompt && answerTokens <= mostNewTokens,
      timedNeed: encoderNeed(settings),
      batchNeed: voxtralBatchNeed(settings, {
        cacheNumberBytes: cacheNumberBytesOf(graphs),
        chunksPerRun,
        promptTokens,
        answerTokens,
        tokensPerRead: longestPrompt,
        givesAllLogits: !isFused,
        // Short windows are, among longer ones that are not.
        readsTogether: isFused,
      }),
    };
  };
  return {
    languages,
    detectsLanguage: false,
    onDevice,
    windows: {
      melBins,
      fewestFrames: framesPerChunk,
      mostFrames,
      frameStep: framesPerChunk,
      packedFrames,
      logMelMaximum,
    },
    promptFor: (frames, language) => prompt.tokenIds(frames / framesPerChunk, language),
    decode: (tokenIds) => tokenizer.decode(tokenIds),
  };
}

function graphsOf({ files }: ModelVariant): string[] {
  return files.map(({ path }) => path).filter((path) => path.endsWith(".onnx"));
}

/** Of decoders whose names end in fp16 or q4f16, as those of public folders do, caches are float16. */
function cacheNumberBytesOf(graphs: readonly string[]): 2 | 4 {
  const decoders = graphs.filter((path) => path.startsWith("onnx/decoder"));
  return decoders.length > 0 && decoders.every((path) => /f(p)?16\.onnx$/.test(path)) ? 2 : 4;
}

function checkVocabulary(
  file: string,
  tokenizer: TekkenTokenizer,
  { vocabularySize, audioTokenId }: VoxtralSettings,
): void {
  if (tokenizer.vocabularySize !== vocabularySize) {
    const found = `${file} has ${tokenizer.vocabularySize} tokens`;
    throw new OperatorError(`${found} but config.json says vocab_size ${vocabularySize}`);
  }
  if (tokenizer.specialTokenId("[AUDIO]") !== audioTokenId) {
    const found = `${file} gives [AUDIO] the id ${tokenizer.specialTokenId("[AUDIO]")}`;
    throw new OperatorError(`${found} but config.json says audio_token_id ${audioTokenId}`);
  }
}

function checkLength(
  folder: string,
  mostFrames: number,
  prompt: VoxtralPrompt,
  { framesPerChunk, tokensPerChunk, maxPositions }: VoxtralSettings,
): void {
  const chunks = mostFrames / framesPerChunk;
  // No text has more tokens than the audio takes places.
  const tokens = prompt.tokenIds(chunks, "fr").length + chunks * tokensPerChunk;
  if (mostFrames > mostWindowFrames || tokens > maxPositions) {
    const limits = `prompt and answer may need ${tokens} of ${maxPositions} positions, and a window ${mostFrames} columns of ${mostWindowFrames}`;
    throw new OperatorError(`chunksPerWindow is too large for the model in ${folder}: ${limits}`);
  }
}
