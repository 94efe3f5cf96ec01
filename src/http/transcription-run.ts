import type { ServerResponse } from "node:http";
import { Socket } from "node:net";
import { isDeepStrictEqual } from "node:util";
import type { FastifyRequest } from "fastify";
import type { UploadPlace, UploadRoom } from "../admission/upload-room.ts";
import { ServiceError } from "../errors.ts";
import type { EventBus } from "../events.ts";
import type { StageFacts } from "../request-timeline.ts";
import type { RequestContext } from "../scheduler/request-context.ts";
import type { ModelDirectory, SpeechModel } from "../tasks/served-model.ts";
import { allowForAudio, type TranscriptSegment, type TranscriptSummary, transcribe } from "../tasks/transcribe.ts";
import type { AudioSession, AudioUploads } from "./audio-uploads.ts";
import type { Exchange } from "./exchange.ts";
import type { ExpectContinue } from "./expect-continue.ts";
import { noteExtraParams } from "./extra-params.ts";
import { giveBack } from "./give-back.ts";
import { internalError, knownError } from "./known-error.ts";
import { type FormFields, formOverheadBytes, receiveForm } from "./multipart-upload.ts";
import { passOn } from "./pass-on.ts";
import { AudioToll, pay } from "./pay.ts";
import { prefetchFirst } from "./prefetch-first.ts";
import { maxUploadTimeoutMs } from "./request-headers.ts";
import type { TranscribeParameters } from "./schemas/transcribe.ts";
import { toMicroseconds } from "./to-microseconds.ts";
import { TranscriptAnswer } from "./transcript-answer.ts";
import { planTranscription, type TranscriptionPlan } from "./transcription-plan.ts";
import { jsonFormat } from "./transcripts/json.ts";
import { maskToxic } from "./transcripts/mask.ts";
import { srtFormat } from "./transcripts/srt.ts";
import { sseFormat } from "./transcripts/sse.ts";
import { textFormat } from "./transcripts/text.ts";
import type { TranscriptFormat, TranscriptRequest } from "./transcripts/transcript-format.ts";
import { verboseJsonFormat } from "./transcripts/verbose-json.ts";
import { vttFormat } from "./transcripts/vtt.ts";
import { UploadMeter } from "./upload-meter.ts";

/** What the transcription routes may use up. */
export interface TranscriptionLimits {
  /** Bytes of one upload. */
  readonly maxBytes: number;
  /** Seconds of audio in one upload. */
  readonly maxSeconds: number;
  /** Below this rate an upload is waited for no longer than `server.requestTimeoutMs` in all. */
  readonly minBytesPerSecond: number;
  /** What a request may always take from its last byte on, in milliseconds, unless it names a limit itself. */
  readonly deadlineFloorMs: number;
  /** Milliseconds from one sign of life of an answer under way to the next. */
  readonly heartbeatMs: number;
}

export interface TranscriptionRunOptions {
  readonly request: FastifyRequest;
  readonly response: ServerResponse;
  /** Parameters from the query, and from a form as far as it has arrived. Throws ServiceError `invalid_request`. */
  readonly parse: (values: FormFields) => TranscribeParameters;
  readonly limits: TranscriptionLimits;
  readonly models: ModelDirectory;
  readonly audio: AudioUploads;
  readonly room: UploadRoom;
  readonly expectContinue: ExpectContinue;
  readonly events: EventBus;
}

/**
 * Answers one upload with its transcript: takes the bytes as they arrive, passes them on, and writes down what is said
 * meanwhile. What the client asked for may come after its file; what is said is then written down from the moment that
 * it is known.
 * @throws ServiceError; whoever calls answers it. Nothing is left running.
 */
export async function runTranscription(options: TranscriptionRunOptions): Promise<void> {
  using run = new TranscriptionRun(options);
  try {
    await run.answer();
  } catch (error) {
    // The stages below stop for the same reason.
    options.request.exchange.cancellation.abort(knownError(error) ?? internalError(error));
    throw error;
  }
}

class TranscriptionRun implements Disposable {
  readonly #options: TranscriptionRunOptions;
  readonly #exchange: Exchange;
  readonly #context: RequestContext;
  readonly #place: UploadPlace;
  readonly #meter: UploadMeter;
  readonly #toll: AudioToll;
  /** The last piece of the answer, once recognition has ended. */
  readonly #recognized = Promise.withResolvers<string>();
  #session: AudioSession | null = null;
  /** What the session makes windows for. */
  #windows: SpeechModel["windows"] | null = null;
  /** What recognition began with; null before. */
  #plan: TranscriptionPlan | null = null;
  #answer: TranscriptAnswer | null = null;

  constructor(options: TranscriptionRunOptions) {
    const { request, limits, room, expectContinue } = options;
    const { exchange } = request;
    this.#options = options;
    this.#exchange = exchange;
    this.#toll = new AudioToll(exchange);
    this.#place = room.enter(exchange.admission.holder);
    this.#context = exchange.uploadContext(limits.deadlineFloorMs);
    expectContinue.askForBody(request.raw);
    this.#meter = new UploadMeter(request.raw, {
      maxBytes: limits.maxBytes + (request.isMultipart() ? formOverheadBytes : 0),
      minBytesPerSecond: limits.minBytesPerSecond,
      stallMs: exchange.config.server.requestTimeoutMs,
      onBytes: (bytes) => {
        this.#allowMoreTime();
        return this.#place.tryTake(bytes);
      },
      onFailure: (error) => exchange.cannotBeRead(error),
    });
  }

  async answer(): Promise<void> {
    const { request } = this.#options;
    const receiving = request.isMultipart() ? this.#receiveForm() : this.#receiveRaw();
    const [, end] = await Promise.all([receiving, this.#recognized.promise]);
    this.#answer?.end(end);
  }

  [Symbol.dispose](): void {
    this.#meter[Symbol.dispose]();
    this.#session?.close();
    this.#answer?.stop();
    this.#place.leave();
    this.#toll.settle();
  }

  async #receiveRaw(): Promise<void> {
    const { request } = this.#options;
    const plan = this.#makePlan({}, null);
    const session = this.#open(plan);
    this.#begin(plan, session);
    await passOn(request.raw, session, this.#context.signal, clientLeft);
    session.end();
  }

  /**
   * Recognition begins when all parameters are known: at the end of the form. A client that wants a stream gets it from
   * the beginning of the file on; what comes after that may not change anything.
   */
  async #receiveForm(): Promise<void> {
    let earlier: TranscriptionPlan | null = null;
    const { fields, session } = await receiveForm(this.#options.request, this.#exchange, (fieldsSoFar) => {
      const plan = this.#makePlan(fieldsSoFar, null);
      earlier = plan;
      this.#hold(plan);
      const opened = this.#open(plan);
      if (plan.parameters.stream) {
        this.#begin(plan, opened);
      }
      return opened;
    });
    const plan = this.#makePlan(fields, earlier);
    requireSame("model", this.#windows, plan.model.windows);
    if (this.#plan === null) {
      this.#begin(plan, session);
    } else {
      requireSamePlan(this.#plan, plan);
    }
  }

  /** A reload may replace the models of a plan before its form ends. */
  #hold({ model, moderation }: TranscriptionPlan): void {
    this.#exchange.hold(model);
    if (moderation !== null) {
      this.#exchange.hold(moderation);
    }
  }

  #makePlan(fields: FormFields, earlier: TranscriptionPlan | null): TranscriptionPlan {
    const { request, parse, models } = this.#options;
    const values = { ...(request.query as FormFields), ...fields };
    noteExtraParams(this.#exchange, { extraParams: values });
    return planTranscription(parse(values), this.#exchange, models, earlier);
  }

  #open({ model, parameters }: TranscriptionPlan): AudioSession {
    const { audio, limits, request } = this.#options;
    const { maxBytes, maxSeconds } = limits;
    const { signal, deadline, timeline } = this.#context;
    const opened = audio.open(
      { windows: model.windows, maxBytes, maxSeconds, isStreamed: parameters.stream },
      {
        ...this.#exchange.ids,
        signal,
        onProgress: (decodedMs) => {
          allowForAudio(deadline, decodedMs);
          this.#toll.decoded(decodedMs);
        },
      },
    );
    const preprocess = timeline?.begin("preprocess", performance.now());
    const session = decodeAhead(opened, request.raw.socket instanceof Socket);
    this.#session = session;
    this.#windows = model.windows;
    session.summary.then(
      (summary) => preprocess?.end(performance.now(), factsOf(summary)),
      (error: unknown) => {
        // From then on whoever reads the windows tells of it.
        if (this.#plan === null) {
          this.#recognized.reject(error);
        }
      },
    );
    return session;
  }

  #begin(plan: TranscriptionPlan, audio: AudioSession): void {
    this.#plan = plan;
    this.#recognize(plan, audio).then(this.#recognized.resolve, this.#recognized.reject);
  }

  /** Writes the transcript as it becomes known, and returns its last piece. */
  async #recognize({ model, parameters, ...input }: TranscriptionPlan, audio: AudioSession): Promise<string> {
    const { response, events, limits } = this.#options;
    const exchange = this.#exchange;
    exchange.useModel(model);
    // Only now is it known what the client calls itself.
    await pay(exchange, 1);
    // Meanwhile the client may have left, or the deadline passed: whoever made an answer now would find one sent already.
    this.#context.signal.throwIfAborted();
    const format = formatOf(parameters, { ...input, isModerated: input.moderation !== null });
    const answer = new TranscriptAnswer({
      exchange,
      response,
      format,
      heartbeatMs: limits.heartbeatMs,
      idleMs: () => this.#meter.idleMs(),
    });
    this.#answer = answer;
    exchange.openAnswer = answer;
    const transcription = transcribe(model, audio, input, { ...this.#context, client: exchange.client }, events);
    for await (const segment of this.#untilAborted(transcription.segments)) {
      if (segment.toxicity !== null) {
        this.#toll.textScored();
      }
      await answer.write(format.segment(parameters.mask ? maskToxic(segment) : segment));
    }
    return format.end(this.#noteSteps(await exchange.race(transcription.summary)));
  }

  /** The segments, until there are no more or the exchange is aborted, whether or not the stages below heed that. */
  async *#untilAborted(segments: AsyncIterable<TranscriptSegment>): AsyncGenerator<TranscriptSegment> {
    const iterator = segments[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await this.#exchange.race(iterator.next());
        if (next.done === true) {
          return;
        }
        yield next.value;
      }
    } finally {
      // Not awaited: it may be at work still. What it holds is given back; how it fails was told by `next`.
      Promise.resolve(iterator.return?.()).catch(() => {});
    }
  }

  /** `totalMs` counts from the headers on: what the client waited for, its own upload included. */
  #noteSteps(summary: TranscriptSummary): TranscriptSummary {
    this.#toll.decoded(summary.durationMs);
    const { queueMs, preprocessMs, inferenceMs } = summary.steps;
    const steps = {
      ...summary.steps,
      queueMs: toMicroseconds(queueMs),
      preprocessMs: toMicroseconds(preprocessMs),
      inferenceMs: toMicroseconds(inferenceMs),
      totalMs: toMicroseconds(performance.now() - this.#exchange.startedAt),
    };
    this.#exchange.steps = steps;
    return { ...summary, steps };
  }

  /** An upload that goes on is not late: its time is counted from its last byte. */
  #allowMoreTime(): void {
    const elapsedMs = performance.now() - this.#exchange.startedAt;
    this.#context.deadline.allow(Math.min(elapsedMs + this.#options.limits.deadlineFloorMs, maxUploadTimeoutMs));
  }
}

function formatOf(parameters: TranscribeParameters, request: TranscriptRequest): TranscriptFormat {
  if (parameters.stream) {
    return sseFormat(request);
  }
  switch (parameters.response_format) {
    case "json":
      return jsonFormat(request);
    case "verbose_json":
      return verboseJsonFormat(request);
    case "text":
      return textFormat();
    case "srt":
      return srtFormat();
    case "vtt":
      return vttFormat();
  }
}

/**
 * The same session. Its decoding begins with the upload, though nobody may want its windows yet; pieces that came from
 * a socket are ours alone, and are given back once they are taken.
 */
function decodeAhead(session: AudioSession, isFromSocket: boolean): AudioSession {
  return {
    write: async (chunk) => {
      await session.write(chunk);
      if (isFromSocket) {
        giveBack(chunk);
      }
    },
    end: () => session.end(),
    close: () => session.close(),
    summary: session.summary,
    windows: prefetchFirst(session.windows),
  };
}

/** Audio is preprocessed for as long as it arrives and its windows are taken. */
function factsOf(summary: Awaited<AudioSession["summary"]>): StageFacts {
  const { durationMs: audioMs, speechMs, decodeMs, voiceActivityMs, featuresMs } = summary;
  return { audioMs, speechMs, decodeMs, voiceActivityMs, featuresMs };
}

function requireSamePlan(before: TranscriptionPlan, after: TranscriptionPlan): void {
  requireSame("model", before.model.identity, after.model.identity);
  for (const name of ["language", "temperature", "seed", "stream", "moderate", "mask", "threshold"] as const) {
    requireSame(name, before.parameters[name], after.parameters[name]);
  }
}

/** @throws ServiceError `invalid_request` when a parameter came too late to change anything. */
function requireSame(name: string, before: unknown, after: unknown): void {
  if (!isDeepStrictEqual(before, after)) {
    const message = `${name} must come before the file or in the query, because work on the file had begun without it.`;
    throw new ServiceError("invalid_request", message, { param: name });
  }
}

function clientLeft(): ServiceError {
  return new ServiceError("client_closed_request", "The client closed the connection.");
}
