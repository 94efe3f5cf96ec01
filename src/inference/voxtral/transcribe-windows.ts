import type { AudioWindowInput, TranscriptOutput } from "../../processes/protocol.ts";
import { GeneratedText } from "../generation/generated-text.ts";
import { seededRandom } from "../generation/seeded-random.ts";
import { decodeTogether, type Sequence } from "./decode-together.ts";
import type { VoxtralGraphs } from "./graphs.ts";
import { rulesFor, type VoxtralConfig } from "./voxtral-config.ts";

/**
 * Tokens of a prompt that are read in one run: a graph that gives logits for each of them gives 67 MB of the public
 * models' vocabulary.
 */
const tokensPerPiece = 128;

/**
 * Writes down what is said in windows of whole chunks: reads their prompts one by one, then decodes side by side.
 * @param reportProgress Awaited after each run of a graph. What it throws ends the work.
 * @throws Error when a window does not fit the model.
 */
export async function transcribeWindows(
  graphs: VoxtralGraphs,
  config: VoxtralConfig,
  windows: readonly AudioWindowInput[],
  reportProgress: () => void | Promise<void>,
): Promise<TranscriptOutput[]> {
  windows.forEach((window) => checkWindow(window, config));
  const sequences: Sequence[] = [];
  for (const window of windows) {
    sequences.push(await readPrompt(graphs, config, window, reportProgress));
  }
  const texts = sequences.map(({ text }) => text);
  const groups = graphs.padding === null ? ofEqualLength(sequences.splice(0)) : [sequences];
  for (const group of groups) {
    await decodeTogether(graphs.decoder, group, graphs.padding ?? "left", reportProgress);
  }
  return windows.map(({ language }, index) => {
    const { tokenIds, averageLogProbability, ending } = texts[index]!.result();
    return {
      kind: "transcript",
      tokenIds,
      language,
      languageProbability: null,
      noSpeechProbability: null,
      averageLogProbability,
      ending,
    };
  });
}

function checkWindow({ features, melBins, frames, promptTokenIds }: AudioWindowInput, config: VoxtralConfig): void {
  const chunks = frames / config.framesPerChunk;
  if (melBins !== config.melBins || !Number.isInteger(chunks) || chunks < 1) {
    const expected = `${config.melBins} × a multiple of ${config.framesPerChunk}`;
    throw new Error(`a window of ${melBins} × ${frames} does not fit ${expected}`);
  }
  if (features.length !== melBins * frames) {
    throw new Error(`a window of ${melBins} × ${frames} holds ${features.length} numbers`);
  }
  const places = promptTokenIds.filter((tokenId) => tokenId === config.audioTokenId).length;
  if (places !== chunks * config.tokensPerChunk) {
    throw new Error(`the prompt has ${places} places for ${chunks * config.tokensPerChunk} rows of audio`);
  }
  if (promptTokenIds.length >= config.maxPositions) {
    throw new Error(`a prompt of ${promptTokenIds.length} tokens leaves none of ${config.maxPositions} positions`);
  }
}

/** Feeds the prompt in pieces and chooses the first token. */
async function readPrompt(
  { audioEncoder, decoder }: VoxtralGraphs,
  config: VoxtralConfig,
  { features, frames, promptTokenIds, audioMs, temperature, seed }: AudioWindowInput,
  onRun: () => void | Promise<void>,
): Promise<Sequence> {
  const audio = await audioEncoder.encode(features, frames, onRun);
  const text = new GeneratedText(rulesFor(audioMs, promptTokenIds.length, config), {
    temperature,
    random: seededRandom(seed),
    stopsInLoop: true,
  });
  let cache = decoder.begin();
  let audioStart = 0;
  for (let start = 0; ; start += tokensPerPiece) {
    const piece = promptTokenIds.subarray(start, start + tokensPerPiece);
    const audioRows = piece.filter((tokenId) => tokenId === config.audioTokenId).length;
    const audioEnd = audioStart + audioRows * config.width;
    const step = await decoder.read(cache, piece, audio.subarray(audioStart, audioEnd));
    await onRun();
    cache = step.cache;
    audioStart = audioEnd;
    if (start + tokensPerPiece >= promptTokenIds.length) {
      return { text, cache, lastTokenId: text.choose(step.logits[0]!) };
    }
  }
}

/** For a decoder that cannot tell the empty places before a shorter sequence from tokens. */
function ofEqualLength(sequences: readonly Sequence[]): Sequence[][] {
  return [...Map.groupBy(sequences, ({ cache }) => cache.columns).values()];
}
