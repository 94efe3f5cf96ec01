import type { EventBus, RequestIds, StepDurations } from "../events.ts";
import type { AudioSession, AudioSummary, AudioWindow, SpeechSegment } from "../processes/audio-processes.ts";
import type { Deadline } from "../scheduler/deadline.ts";
import type { RequestContext } from "../scheduler/request-context.ts";
import { checkAnswer } from "./check-answer.ts";
import { type HeardWindow, hearWindow } from "./hear-window.ts";
import { mapInOrder } from "./map-in-order.ts";
import { moderateTexts, type Toxicity } from "./moderate-texts.ts";
import type { ModelIdentity, SpeechModel, TextModel } from "./served-model.ts";
import { shareText } from "./share-text.ts";
import { SpokenLanguage } from "./spoken-language.ts";

export interface TranscribeInput {
  /** One of the model's languages, or null to find it out. */
  readonly language: string | null;
  /** 0–1; 0 takes the likeliest token at each step. */
  readonly temperature: number;
  /** Above temperature 0: the same seed draws the same words. An unsigned integer of 32 bits. */
  readonly seed: number;
  /** Scores each segment's text; null when nobody asked for it. */
  readonly moderation: TextModel | null;
  /** 0–1; a segment is flagged when its toxic score reaches it. */
  readonly threshold: number;
}

/** What was said in one stretch of speech. */
export interface TranscriptSegment {
  /** Counts from 0, without gaps. */
  readonly id: number;
  /** In the audio as uploaded. */
  readonly startMs: number;
  readonly endMs: number;
  /** Trimmed, never empty. */
  readonly text: string;
  /** About how many of its window's tokens are its own. */
  readonly tokens: number;
  /** Null when none was asked for and the model detects none. */
  readonly language: string | null;
  /** Of the window that it was heard in, like the three below: above the one asked for where that was heard again. */
  readonly temperature: number;
  /** Null when the model does not say. */
  readonly noSpeechProbability: number | null;
  readonly averageLogProbability: number;
  readonly compressionRatio: number;
  /** Null when it was not asked for. */
  readonly toxicity: Toxicity | null;
}

/** `queueMs` is the first window's; the others are sums over all windows, some of which ran at the same time. */
export interface TranscribeSteps extends StepDurations {
  readonly decodeMs: number;
  readonly voiceActivityMs: number;
  readonly featuresMs: number;
}

export interface TranscriptSummary {
  readonly model: ModelIdentity;
  /** The one asked for or detected; null when there is neither. */
  readonly language: string | null;
  readonly durationMs: number;
  readonly speechMs: number;
  /** The file was cut off or damaged: what is there was transcribed. */
  readonly isPartial: boolean;
  readonly warnings: readonly string[];
  readonly segments: number;
  readonly steps: TranscribeSteps;
}

export interface Transcription {
  /** In order, as soon as they are known. To be read once; nothing is done unless it is read. */
  readonly segments: AsyncIterable<TranscriptSegment>;
  /** Resolves when the last segment was read. */
  readonly summary: Promise<TranscriptSummary>;
}

const deadlineFactor = 2.5;

/** A growing deadline allows 2.5 times the audio that was decoded so far, in milliseconds. */
export function allowForAudio(deadline: Deadline, audioMs: number): void {
  deadline.allow(deadlineFactor * audioMs);
}

/**
 * Writes down what is said in an upload. Its windows run side by side, but only as many as keep the model's instances
 * busy, so that nothing piles up in memory. Where the client names no language, the first windows in which somebody
 * speaks decide it for all that follow. Closes the audio session when it is done, however it ends.
 * @throws ServiceError from `segments` and `summary`: as the audio session and the model do; `invalid_prediction` when
 * the model's answer is none.
 */
export function transcribe(
  model: SpeechModel,
  audio: AudioSession,
  input: TranscribeInput,
  context: RequestContext,
  events: EventBus,
): Transcription {
  const run = new TranscriptionRun(model, audio, input, context, events);
  return { segments: run.segments(), summary: run.summary };
}

/** A window's segments and what they cost. */
interface WindowTranscript {
  readonly heard: HeardWindow;
  readonly segments: readonly Omit<TranscriptSegment, "id">[];
}

/** One upload on its way to its transcript. */
class TranscriptionRun {
  readonly #model: SpeechModel;
  readonly #audio: AudioSession;
  readonly #input: TranscribeInput;
  /** The request's, but for its signal, which aborts when nobody reads the segments any more, too. */
  readonly #context: RequestContext;
  readonly #ended = new AbortController();
  readonly #events: EventBus;
  readonly #startedAt = performance.now();
  readonly #summary = Promise.withResolvers<TranscriptSummary>();
  readonly #language: SpokenLanguage;
  #windows = 0;
  #segments = 0;
  #queueMs = 0;
  #inferenceMs = 0;

  constructor(
    model: SpeechModel,
    audio: AudioSession,
    input: TranscribeInput,
    context: RequestContext,
    events: EventBus,
  ) {
    this.#model = model;
    this.#audio = audio;
    this.#input = input;
    this.#context = { ...context, signal: AbortSignal.any([context.signal, this.#ended.signal]) };
    this.#events = events;
    this.#language = new SpokenLanguage(input.language, model.detectsLanguage);
    // Whoever reads the segments hears of a failure there.
    this.#summary.promise.catch(() => {});
    audio.summary.then(
      ({ durationMs }) => allowForAudio(context.deadline, durationMs),
      () => {
        // The windows tell of the failure too.
      },
    );
  }

  get summary(): Promise<TranscriptSummary> {
    return this.#summary.promise;
  }

  async *segments(): AsyncGenerator<TranscriptSegment, void, undefined> {
    const releaseModeration = this.#input.moderation?.hold();
    try {
      for await (const window of this.#transcripts()) {
        this.#count(window);
        for (const segment of window.segments) {
          this.#tellSegment(segment);
          yield { id: this.#segments++, ...segment };
        }
      }
      this.#summary.resolve(this.#summarise(await this.#audio.summary));
    } catch (error) {
      this.#summary.reject(error);
      throw error;
    } finally {
      const reason = new Error("the transcript was not read to its end");
      this.#summary.reject(reason);
      this.#ended.abort(reason);
      this.#audio.close();
      releaseModeration?.();
    }
  }

  #transcripts(): AsyncIterable<WindowTranscript> {
    const limits = {
      // Until the language is known one window runs at a time: the others are to be heard in the same one.
      atOnce: () => (this.#language.isOpen ? 1 : this.#model.windowsAhead),
      signal: this.#context.signal,
    };
    return mapInOrder(this.#audio.windows, limits, (window) => this.#transcribeWindow(window));
  }

  async #transcribeWindow({ index, features, frames, segments: stretches }: AudioWindow): Promise<WindowTranscript> {
    const last = stretches.at(-1)!;
    allowForAudio(this.#context.deadline, last.endMs);
    const { temperature, seed } = this.#input;
    const input = {
      features,
      frames,
      audioMs: last.windowStartMs + lengthOf(last),
      language: this.#language.decided,
      temperature,
      // Each window draws its own tokens.
      seed: (seed + index) % 2 ** 32,
    };
    const speechMs = stretches.reduce((total, stretch) => total + lengthOf(stretch), 0);
    const heard = await checkAnswer(this.#model, this.#events, () =>
      hearWindow(this.#model, input, speechMs, this.#context),
    );
    if (heard.text !== "" && heard.language !== null && heard.languageProbability !== null) {
      this.#language.hear(heard.language, heard.languageProbability);
    }
    return { heard, segments: await this.#toSegments(heard, stretches) };
  }

  /** The window's text, shared among its stretches of speech; those that get none are no segments. */
  async #toSegments(heard: HeardWindow, stretches: readonly SpeechSegment[]): Promise<Omit<TranscriptSegment, "id">[]> {
    const { language, temperature, noSpeechProbability, averageLogProbability, compressionRatio } = heard;
    const shares = shareText(heard.text, stretches.map(lengthOf));
    const segments = stretches
      .map(({ startMs, endMs }, index) => ({ startMs, endMs, text: shares[index] ?? "" }))
      .filter(({ text }) => text !== "");
    const texts = segments.map(({ text }) => text);
    const toxicities = await this.#moderate(texts);
    const tokens = shareTokens(heard.tokens, texts);
    return segments.map((segment, index) => ({
      ...segment,
      tokens: tokens[index] ?? 0,
      language,
      temperature,
      noSpeechProbability,
      averageLogProbability,
      compressionRatio,
      toxicity: toxicities[index] ?? null,
    }));
  }

  #moderate(texts: readonly string[]): Promise<readonly Toxicity[]> {
    const { moderation, threshold } = this.#input;
    return moderation === null
      ? Promise.resolve([])
      : moderateTexts(moderation, { texts, threshold }, this.#context, this.#events);
  }

  #count({ heard }: WindowTranscript): void {
    if (this.#windows === 0) {
      this.#queueMs = heard.queueMs;
    }
    this.#windows++;
    this.#inferenceMs += heard.inferenceMs;
  }

  #ids(): RequestIds {
    const { requestId, traceId, spanId } = this.#context;
    return { requestId, traceId, spanId };
  }

  #tellSegment({ startMs, endMs, tokens }: Omit<TranscriptSegment, "id">): void {
    const model = this.#model.identity.name;
    this.#events.emit("segment_processed", { ...this.#ids(), model, startMs, endMs, tokens });
  }

  #summarise(audio: AudioSummary): TranscriptSummary {
    const { durationMs, speechMs, isPartial, warnings, decodeMs, voiceActivityMs, featuresMs } = audio;
    const preprocessMs = decodeMs + voiceActivityMs + featuresMs;
    const times = { queueMs: this.#queueMs, preprocessMs, inferenceMs: this.#inferenceMs };
    const model = this.#model.identity;
    this.#events.emit("audio_processed", {
      ...this.#ids(),
      model: model.name,
      audioMs: durationMs,
      speechMs,
      windows: this.#windows,
      processingMs: preprocessMs + this.#inferenceMs,
    });
    return {
      model,
      language: this.#segments === 0 ? null : this.#language.likeliest,
      durationMs,
      speechMs,
      isPartial,
      warnings,
      segments: this.#segments,
      steps: { ...times, totalMs: performance.now() - this.#startedAt, decodeMs, voiceActivityMs, featuresMs },
    };
  }
}

function lengthOf({ startMs, endMs }: SpeechSegment): number {
  return endMs - startMs;
}

/** In proportion to the texts' lengths; together they are the window's tokens. */
function shareTokens(tokens: number, texts: readonly string[]): number[] {
  const total = texts.reduce((sum, { length }) => sum + length, 0);
  let characters = 0;
  let given = 0;
  return texts.map(({ length }) => {
    characters += length;
    const share = Math.round((tokens * characters) / total) - given;
    given += share;
    return share;
  });
}
