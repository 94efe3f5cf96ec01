import type { BatchNeed } from "./batch-need.ts";

/**
 * Upper bounds of what speech models take on a device besides their weights, from the numbers of their `config.json`. The
 * formulae are those of docs/voxtral.md; nothing of them was measured on a device.
 */

/** Of the encoder of Whisper and Voxtral. */
export interface AudioShape {
  readonly width: number;
  readonly inner: number;
  readonly heads: number;
  /** That it works on in 30 s, half as many as frames. */
  readonly states: number;
}

/** Of a decoder. */
export interface TextShape {
  readonly width: number;
  readonly inner: number;
  readonly layers: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  /** Numbers in a key or value of one head. */
  readonly headWidth: number;
  readonly vocabulary: number;
}

/** Of a Voxtral, and how its windows are run. */
export interface VoxtralRuns {
  /** Of a key or value in the cache: 2 or 4. */
  readonly cacheNumberBytes: number;
  /** Chunks of 30 s that are encoded in one run. */
  readonly chunksPerRun: number;
  /** Of the longest window. */
  readonly promptTokens: number;
  readonly answerTokens: number;
  /** Tokens of a prompt that are read in one run at most. */
  readonly tokensPerRead: number;
  /** Positions of which one run gives logits: those that it reads, or the last alone. */
  readonly givesAllLogits: boolean;
  /** Whether all prompts of a batch are read in one run, or one after another. */
  readonly readsTogether: boolean;
}

/** Part of what is computed is float32 in every form. */
const workingNumberBytes = 4;
/** What a step of the loop reads, what it writes, and what is copied as the loop ends. */
const cacheCopies = 3;
/** Logits, their exponentials, and what the choice compares. */
const logitRows = 3;

/** What one position takes in the cache: a key and a value in every layer. */
export function cacheBytesPerToken({ text }: { readonly text: CacheShape }, bytesPerNumber: number): number {
  return 2 * text.layers * text.keyValueHeads * text.headWidth * bytesPerNumber;
}

type CacheShape = Pick<TextShape, "layers" | "keyValueHeads" | "headWidth">;

/** Largest tensors of one chunk in the encoder: scores before and after the softmax, and the states around them. */
export function encoderWorkingBytes({ audio }: { readonly audio: AudioShape }, bytesPerNumber: number): number {
  const scores = 2 * audio.heads * audio.states * audio.states;
  const states = audio.states * (2 * audio.inner + 4 * audio.width);
  return (scores + states) * bytesPerNumber;
}

/** Of runs of the encoder alone, per chunk. */
export function encoderNeed(shape: { readonly audio: AudioShape }): BatchNeed {
  return { fixedBytes: 0, bytesPerUnit: encoderWorkingBytes(shape, workingNumberBytes) };
}

/** Per window. */
export function voxtralBatchNeed(
  shape: { readonly audio: AudioShape; readonly text: TextShape },
  runs: VoxtralRuns,
): BatchNeed {
  const { text } = shape;
  const { promptTokens, answerTokens, cacheNumberBytes, chunksPerRun, readsTogether } = runs;
  const positions = promptTokens + answerTokens;
  const caches = cacheCopies * positions * cacheBytesPerToken(shape, cacheNumberBytes);
  // Keys and values of one layer, once for each head of the queries.
  const repeated = 2 * text.heads * text.headWidth * positions;
  const step = (repeated + logitRows * text.vocabulary) * workingNumberBytes;
  const reading = readingNumbers(text, runs) * workingNumberBytes;
  return {
    fixedBytes: chunksPerRun * encoderWorkingBytes(shape, workingNumberBytes) + (readsTogether ? 0 : reading),
    bytesPerUnit: caches + step + (readsTogether ? reading : 0),
  };
}

/** Numbers that are alive at once in a layer that reads a prompt, or a piece of one. */
function readingNumbers(text: TextShape, { promptTokens, tokensPerRead, givesAllLogits }: VoxtralRuns): number {
  const tokens = Math.min(promptTokens, tokensPerRead);
  const scores = 2 * text.heads * tokens * promptTokens;
  // The input, its norm, sum and output; gate, up and their product; queries and what attention gives for them.
  const states = tokens * (4 * text.width + 3 * text.inner + 2 * text.heads * text.headWidth);
  const logits = givesAllLogits ? logitRows * tokens * text.vocabulary : 0;
  return scores + states + logits;
}

/** Of a Whisper. */
export interface WhisperShape {
  readonly audio: AudioShape;
  readonly text: Pick<TextShape, "width" | "layers" | "vocabulary">;
  /** Of a text, prompt included. */
  readonly positions: number;
}

/** Its windows are run one after another: a larger batch takes no more than one of them. */
export function whisperBatchNeed({ audio, text, positions }: WhisperShape): BatchNeed {
  const cacheBytesPerPosition = 2 * text.layers * text.width * workingNumberBytes;
  // The decoder keeps keys and values of the audio's states, too.
  const caches = cacheCopies * (positions + audio.states) * cacheBytesPerPosition;
  const logits = logitRows * positions * text.vocabulary * workingNumberBytes;
  return { fixedBytes: encoderWorkingBytes({ audio }, workingNumberBytes) + caches + logits, bytesPerUnit: 0 };
}
