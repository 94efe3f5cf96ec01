import type { AudioWindowInput, TranscriptOutput } from "../../processes/protocol.ts";
import { GeneratedText } from "../generation/generated-text.ts";
import { seededRandom } from "../generation/seeded-random.ts";
import { decodeTogether, type Sequence } from "./decode-together.ts";
import { longestPrompt } from "./device-runs.ts";
import { fitsOneRun, generateInOneRun, type Transcript } from "./generate-in-one-run.ts";
import type { VoxtralGraphs } from "./graphs.ts";
import { rulesFor, type VoxtralConfig } from "./voxtral-config.ts";

/**
 * Tokens of a prompt that are read in one run: a graph that gives logits for each of them gives 67 MB of the public
 * models' vocabulary, and on a CPU each piece is a sign of progress.
 */
const tokensPerPiece = 128;

/**
 * Writes down what is said in windows of whole chunks. On a device those that fit take one run of the decoder; of the others,
 * prompts are read one by one, then decoded side by side.
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
  const transcripts = windows.map((window) => ({ window, text: textOf(window, config) }));
  const { audioEncoder, oneRun } = graphs;
  const inOneRun = oneRun === null ? [] : transcripts.filter(fitsOneRun);
  if (oneRun !== null && inOneRun.length > 0) {
    await generateInOneRun(audioEncoder, oneRun.generate, inOneRun, oneRun.groups, reportProgress);
  }
  const others = transcripts.filter((transcript) => !inOneRun.includes(transcript));
  await transcribeInSteps(graphs, config, others, reportProgress);
  return transcripts.map(({ window: { language }, text }) => {
    const { tokenIds, averageLogProbability, ending } = text.result();
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

function textOf(
  { promptTokenIds, audioMs, temperature, seed }: AudioWindowInput,
  config: VoxtralConfig,
): GeneratedText {
  return new GeneratedText(rulesFor(audioMs, promptTokenIds.length, config), {
    temperature,
    random: seededRandom(seed),
    stopsInLoop: true,
  });
}

async function transcribeInSteps(
  graphs: VoxtralGraphs,
  config: VoxtralConfig,
  transcripts: readonly Transcript[],
  onRun: () => void | Promise<void>,
): Promise<void> {
  const sequences: Sequence[] = [];
  for (const transcript of transcripts) {
    sequences.push(await readPrompt(graphs, config, transcript, onRun));
  }
  const groups = graphs.padding === null ? ofEqualLength(sequences.splice(0)) : [sequences];
  for (const group of groups) {
    await decodeTogether(graphs.decoder, group, graphs.padding ?? "left", onRun);
  }
}

/** Feeds the prompt in pieces and chooses the first token. */
async function readPrompt(
  { audioEncoder, decoder, oneRun }: VoxtralGraphs,
  config: VoxtralConfig,
  { window, text }: Transcript,
  onRun: () => void | Promise<void>,
): Promise<Sequence> {
  const { promptTokenIds } = window;
  const [audio] = await audioEncoder.encode([window], onRun);
  // Between two pieces the cache crosses from a device to host memory and back.
  const pieceTokens = oneRun === null ? tokensPerPiece : longestPrompt;
  let cache = decoder.begin();
  let audioStart = 0;
  for (let start = 0; ; start += pieceTokens) {
    const piece = promptTokenIds.subarray(start, start + pieceTokens);
    const audioRows = piece.filter((tokenId) => tokenId === config.audioTokenId).length;
    const audioEnd = audioStart + audioRows * config.width;
    const step = await decoder.read(cache, piece, audio!.subarray(audioStart, audioEnd));
    await onRun();
    cache = step.cache;
    audioStart = audioEnd;
    if (start + pieceTokens >= promptTokenIds.length) {
      return { text, cache, lastTokenId: text.choose(step.logits[0]!) };
    }
  }
}

/** For a decoder that cannot tell the empty places before a shorter sequence from tokens. */
function ofEqualLength(sequences: readonly Sequence[]): Sequence[][] {
  return [...Map.groupBy(sequences, ({ cache }) => cache.columns).values()];
}
