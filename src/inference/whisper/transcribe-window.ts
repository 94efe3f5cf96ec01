import type { AudioWindowInput, TranscriptOutput } from "../../processes/protocol.ts";
import type { Decoder } from "../generation/decoder.ts";
import { generate } from "../generation/generate.ts";
import type { Generation } from "../generation/generated-text.ts";
import { seededRandom } from "../generation/seeded-random.ts";
import type { WhisperGraphs } from "./layout.ts";
import { padWithSilence } from "./silence.ts";
import { likeliestLanguage, readStartProbabilities, type StartProbabilities } from "./start-probabilities.ts";
import type { WhisperConfig } from "./whisper-config.ts";

/** Tokens between two signs of progress: some 40 ms of a small model on one core. */
const tokensPerReport = 8;

/**
 * Writes down what is said in a window. A short context can send the model into circles: then it writes again, from the
 * window followed by silence up to the full context, and whatever it says there counts.
 * @throws Error when the window does not fit the model, and what `reportProgress` throws.
 */
export async function transcribeWindow(
  graphs: WhisperGraphs,
  config: WhisperConfig,
  window: AudioWindowInput,
  reportProgress: () => void | Promise<void>,
): Promise<TranscriptOutput> {
  checkWindow(window, config);
  if (graphs.readsShortWindows && window.frames < config.maxFrames) {
    const transcript = await transcribeFrames(graphs, config, window, window.frames, reportProgress);
    if (transcript.generation.ending === "end-token") {
      return toOutput(transcript);
    }
  }
  return toOutput(await transcribeFrames(graphs, config, window, config.maxFrames, reportProgress));
}

function checkWindow({ features, melBins, frames, language }: AudioWindowInput, config: WhisperConfig): void {
  if (melBins !== config.melBins || frames > config.maxFrames || frames % 2 !== 0 || frames < 2) {
    throw new Error(`a window of ${melBins} × ${frames} does not fit ${config.melBins} × ${config.maxFrames}`);
  }
  if (features.length !== melBins * frames) {
    throw new Error(`a window of ${melBins} × ${frames} holds ${features.length} numbers`);
  }
  if (language !== null && !config.languageTokenIds.has(language)) {
    throw new Error("the model does not know the language that was asked for");
  }
}

interface Transcript {
  readonly language: string;
  readonly start: StartProbabilities;
  readonly generation: Generation;
}

async function transcribeFrames(
  graphs: WhisperGraphs,
  config: WhisperConfig,
  window: AudioWindowInput,
  frames: number,
  reportProgress: () => void | Promise<void>,
): Promise<Transcript> {
  const decoder = await graphs.encode(padWithSilence(window, frames), frames);
  await reportProgress();
  const { language, start, logits } = await feedPrompt(decoder, config, window.language);
  let steps = 0;
  const generation = await generate(decoder, logits, config.generation, {
    temperature: window.temperature,
    random: seededRandom(window.seed),
    // The full context is the last attempt. Whether people may have repeated themselves so is for its readers to judge.
    stopsInLoop: frames < config.maxFrames,
    onStep: async () => {
      steps++;
      if (steps % tokensPerReport === 0) {
        await reportProgress();
      }
    },
  });
  return { language, start, generation };
}

/** Feeds `<|startoftranscript|><|fr|><|transcribe|><|notimestamps|>` and gives the logits that follow. */
async function feedPrompt(
  decoder: Decoder,
  config: WhisperConfig,
  wanted: string | null,
): Promise<{ language: string; start: StartProbabilities; logits: Float32Array }> {
  const task = [config.transcribeTokenId, config.noTimestampsTokenId];
  const tokenIdOf = (language: string): number => config.languageTokenIds.get(language)!;
  if (wanted !== null) {
    const rows = await decoder.feed([config.startTokenId, tokenIdOf(wanted), ...task]);
    return { language: wanted, start: readStartProbabilities(rows[0]!, config), logits: rows.at(-1)! };
  }
  const [first] = await decoder.feed([config.startTokenId]);
  const start = readStartProbabilities(first!, config);
  const language = likeliestLanguage(start);
  const rows = await decoder.feed([tokenIdOf(language), ...task]);
  return { language, start, logits: rows.at(-1)! };
}

function toOutput({ language, start, generation }: Transcript): TranscriptOutput {
  return {
    kind: "transcript",
    tokenIds: generation.tokenIds,
    language,
    languageProbability: start.languages.get(language) ?? Number.NaN,
    noSpeechProbability: start.noSpeech,
    averageLogProbability: generation.averageLogProbability,
    ending: generation.ending,
  };
}
