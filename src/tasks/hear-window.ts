import { deflateSync } from "node:zlib";
import type { RequestContext } from "../scheduler/request-context.ts";
import { invalidPrediction } from "./invalid-prediction.ts";
import type { SpeechModel, SpeechWindowInput, SpeechWindowOutput } from "./served-model.ts";

/** What was heard in one window. */
export interface HeardWindow {
  /** Trimmed; empty when nobody speaks in it. */
  readonly text: string;
  readonly tokens: number;
  /** Null when none was asked for and the model detects none. */
  readonly language: string | null;
  /** 0–1: the model's, of that language; null when it does not say. Like `noSpeechProbability`. */
  readonly languageProbability: number | null;
  /** 0–1: at which the text was heard; above the one asked for where it was heard again. */
  readonly temperature: number;
  readonly noSpeechProbability: number | null;
  readonly averageLogProbability: number;
  /** Bytes of a piece of the text divided by its bytes when compressed, the highest: high when it repeats itself. */
  readonly compressionRatio: number;
  /** The model was stopped because it went round in circles: what was said after that is missing. */
  readonly isStopped: boolean;
  readonly queueMs: number;
  readonly inferenceMs: number;
}

/** Thresholds of OpenAI's Whisper (`whisper/transcribe.py`): silence, when both say so, and text that goes in circles. */
const noSpeechThreshold = 0.6;
const logProbabilityThreshold = -1;
const compressionThreshold = 2.4;
/** Characters of which the compression is judged. */
const pieceLength = 1_000;

/** A window whose text goes in circles is run again at this temperature: chance leads out of the circle. */
const secondTemperature = 0.4;

/** Nobody says more characters in a second. Repetition below this rate may well have been spoken. */
const maxSpokenCharactersPerSecond = 30;

/** Rounding of probabilities in float32. */
const tolerance = 1e-3;

/**
 * Runs one window and judges its text: what the model makes up of silence is dropped, and what goes in circles is run
 * again.
 * @param speechMs Milliseconds of speech in the window.
 * @throws ServiceError as `SpeechModel.transcribe` does, and `invalid_prediction` when the model's answer is none.
 */
export async function hearWindow(
  model: SpeechModel,
  window: SpeechWindowInput,
  speechMs: number,
  context: RequestContext,
): Promise<HeardWindow> {
  const first = await hear(model, window, context);
  if (isSilence(first)) {
    return withoutText(first);
  }
  if (!isRepetitive(first) || window.temperature >= secondTemperature) {
    return first;
  }
  const again = { ...window, language: first.language, temperature: secondTemperature };
  const second = await hear(model, again, context);
  const both = {
    languageProbability: first.languageProbability,
    queueMs: first.queueMs,
    inferenceMs: first.inferenceMs + second.inferenceMs,
  };
  if (!isRepetitive(second) && !isSilence(second)) {
    return { ...second, ...both };
  }
  return { ...(isSpeakable(first, speechMs) ? first : withoutText(first)), ...both };
}

async function hear(model: SpeechModel, window: SpeechWindowInput, context: RequestContext): Promise<HeardWindow> {
  const output = await model.transcribe(window, context);
  const postprocess = context.timeline?.begin("postprocess", performance.now());
  checkTranscript(output, model.languages);
  const { tokenIds, language, languageProbability, noSpeechProbability, averageLogProbability } = output;
  const text = model.decode(tokenIds).trim();
  const compressionRatio = compressionRatioOf(text);
  postprocess?.end(performance.now());
  return {
    text,
    tokens: tokenIds.length,
    language,
    languageProbability: clamp(languageProbability),
    temperature: window.temperature,
    noSpeechProbability: clamp(noSpeechProbability),
    averageLogProbability: Math.min(0, averageLogProbability),
    compressionRatio,
    isStopped: output.ending === "loop",
    queueMs: output.queueMs,
    inferenceMs: output.inferenceMs,
  };
}

/**
 * Refuses what cannot be a model's answer.
 * @throws ServiceError `invalid_prediction`; the numbers are among its facts.
 */
export function checkTranscript(output: SpeechWindowOutput, languages: readonly string[]): void {
  const { language, languageProbability, noSpeechProbability, averageLogProbability } = output;
  const isKnownLanguage = language === null || languages.includes(language);
  const isValid =
    isKnownLanguage &&
    isProbability(languageProbability) &&
    isProbability(noSpeechProbability) &&
    Number.isFinite(averageLogProbability) &&
    averageLogProbability <= tolerance;
  if (!isValid) {
    // Strings, because JSON has neither NaN nor Infinity.
    const numbers = [languageProbability, noSpeechProbability, averageLogProbability].map(String);
    throw invalidPrediction({ isKnownLanguage, numbers });
  }
}

function isProbability(value: number | null): boolean {
  return value === null || (value >= -tolerance && value <= 1 + tolerance);
}

function clamp(probability: number | null): number | null {
  return probability === null ? null : Math.min(1, Math.max(0, probability));
}

/** 0 for no text. Of pieces as long as what is said in a minute: ordinary text, too, is the better compressed the longer. */
function compressionRatioOf(text: string): number {
  const starts = Array.from({ length: Math.ceil(text.length / pieceLength) }, (_, index) => index * pieceLength);
  const pieces = starts.map((start) => Buffer.from(text.slice(start, start + pieceLength)));
  return Math.max(0, ...pieces.map((bytes) => bytes.length / deflateSync(bytes).length));
}

function isSilence({ text, noSpeechProbability, averageLogProbability }: HeardWindow): boolean {
  const mayBeSilence = noSpeechProbability !== null && noSpeechProbability > noSpeechThreshold;
  return text === "" || (mayBeSilence && averageLogProbability < logProbabilityThreshold);
}

function isRepetitive({ compressionRatio, isStopped }: HeardWindow): boolean {
  return isStopped || compressionRatio > compressionThreshold;
}

function isSpeakable({ text }: HeardWindow, speechMs: number): boolean {
  return text.length * 1_000 <= speechMs * maxSpokenCharactersPerSecond;
}

function withoutText(heard: HeardWindow): HeardWindow {
  return { ...heard, text: "", tokens: 0 };
}
