import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ServiceError } from "../../../src/errors.ts";
import type { EventBus } from "../../../src/events.ts";
import { Deadline } from "../../../src/scheduler/deadline.ts";
import type { RequestContext } from "../../../src/scheduler/request-context.ts";
import type { SpeechWindowInput } from "../../../src/tasks/served-model.ts";
import {
  type TranscribeInput,
  type Transcription,
  type TranscriptSegment,
  transcribe,
} from "../../../src/tasks/transcribe.ts";
import { collectEvents, strictEventBus } from "../../helpers/event-bus.ts";
import { FakeAudioSession } from "../../helpers/fake-audio-session.ts";
import { FakeServedModel, toxicWord } from "../../helpers/fake-served-model.ts";
import { FakeSpeechModel } from "../../helpers/fake-speech-model.ts";
import { requestContext } from "../../helpers/request-context.ts";
import { requestIds } from "../../helpers/request-ids.ts";

const plain: TranscribeInput = { language: "fr", temperature: 0, seed: 7, moderation: null, threshold: 0.5 };

test("each stretch of speech becomes a segment with its times in the upload and its share of the text", async () => {
  const model = new FakeSpeechModel();
  model.hear = () => ({ text: "Le train part à huit heures. Il arrive à midi." });
  const audio = FakeAudioSession.of([
    [
      [1_000, 3_000],
      [9_000, 10_500],
    ],
  ]);
  const { segments, summary } = await read(start(model, audio));
  expect(segments.map(({ id, startMs, endMs, text }) => [id, startMs, endMs, text])).toEqual([
    [0, 1_000, 3_000, "Le train part à huit heures."],
    [1, 9_000, 10_500, "Il arrive à midi."],
  ]);
  expect(segments[0]).toMatchObject({ language: "fr", noSpeechProbability: 0.01, averageLogProbability: -0.2 });
  expect(segments.reduce((total, { tokens }) => total + tokens, 0)).toBe(46);
  expect(summary).toMatchObject({
    model: { name: "whisper-base" },
    language: "fr",
    durationMs: 10_000,
    speechMs: 8_000,
    isPartial: false,
    segments: 2,
    steps: { queueMs: 0.5, preprocessMs: 60, inferenceMs: 1.5, decodeMs: 10, voiceActivityMs: 20, featuresMs: 30 },
  });
  expect(summary.steps.totalMs).toBeGreaterThan(0);
});

test("segments come in order and once, however the windows finish", async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 12 }), async (s, counts) => {
      const model = new FakeSpeechModel();
      model.hear = async (input) => {
        await s.schedule(Promise.resolve(), `window ${indexOf(input)}`);
        return { text: words(indexOf(input), counts[indexOf(input)] ?? 0) };
      };
      const audio = FakeAudioSession.of(counts.map((_, index) => [[index * 1_000, index * 1_000 + 900]]));
      const result = read(start(model, audio));
      await s.waitFor(result);
      const { segments } = await result;
      const spoken = counts.flatMap((count, index) => (count > 0 ? [index] : []));
      expect(segments.map(({ id }) => id)).toEqual(spoken.map((_, id) => id));
      expect(segments.map(({ startMs, text }) => [startMs, text])).toEqual(
        spoken.map((index) => [index * 1_000, words(index, counts[index] ?? 0)]),
      );
    }),
    { numRuns: 30 },
  );
});

test("a segment is told while later audio is still on its way", async () => {
  const audio = new FakeAudioSession();
  const { segments } = start(new FakeSpeechModel(), audio);
  const iterator = segments[Symbol.asyncIterator]();
  const first = iterator.next();
  audio.hear([0, 2_000]);
  expect((await first).value).toMatchObject({ startMs: 0, endMs: 2_000 });
});

test("no more windows are in flight than keep the model busy", async () => {
  const model = new FakeSpeechModel();
  const gates: PromiseWithResolvers<void>[] = [];
  model.windowsAhead = 3;
  model.hear = async () => {
    const gate = Promise.withResolvers<void>();
    gates.push(gate);
    await gate.promise;
    return { text: "Oui." };
  };
  const audio = FakeAudioSession.of(Array.from({ length: 6 }, (_, index) => [[index * 1_000, index * 1_000 + 500]]));
  const { segments } = start(model, audio);
  const iterator = segments[Symbol.asyncIterator]();
  const first = iterator.next();
  await setImmediate();
  expect([model.inputs.length, audio.pulls]).toEqual([3, 3]);
  gates[0]?.resolve();
  await first;
  void iterator.next();
  await setImmediate();
  expect(model.inputs.length).toBe(4);
  gates.forEach((gate) => gate.resolve());
});

test("the language of the first window in which somebody speaks is that of all others, which wait for it", async () => {
  const model = new FakeSpeechModel();
  model.hear = (input) => ({ text: indexOf(input) === 0 ? "" : "Hola.", language: input.language ?? "es" });
  const audio = FakeAudioSession.of(Array.from({ length: 5 }, (_, index) => [[index * 1_000, index * 1_000 + 500]]));
  const { segments, summary } = await read(start(model, audio, { ...plain, language: null }));
  expect(model.inputs.map(({ language }) => language)).toEqual([null, null, "es", "es", "es"]);
  expect(segments.map(({ language }) => language)).toEqual(["es", "es", "es", "es"]);
  expect(summary.language).toBe("es");
});

test("silence is a transcript without segments and without a language", async () => {
  const model = new FakeSpeechModel();
  const { segments, summary } = await read(start(model, FakeAudioSession.of([])));
  expect([segments, summary.segments, summary.language, model.inputs]).toEqual([[], 0, null, []]);
  expect(summary.durationMs).toBe(10_000);
});

test("what the audio's end says of a damaged file is passed on", async () => {
  const audio = new FakeAudioSession();
  audio.hear([0, 1_000]);
  audio.complete({ isPartial: true, warnings: ["The file was cut off."] });
  const { summary } = await read(start(new FakeSpeechModel(), audio));
  expect(summary).toMatchObject({ isPartial: true, warnings: ["The file was cut off."] });
});

test("segments carry their toxicity when that was asked for, and only then", async () => {
  const model = new FakeSpeechModel();
  model.hear = () => ({ text: `Bonjour à tous. Quel ${toxicWord}.` });
  const stretches = [[[0, 1_000] as const, [2_000, 3_000] as const]];
  const moderation = new FakeServedModel();
  const { segments } = await read(start(model, FakeAudioSession.of(stretches), { ...plain, moderation }));
  expect(segments.map(({ toxicity }) => toxicity?.flagged)).toEqual([false, true]);
  expect(moderation.holds).toBe(0);
  const unmoderated = await read(start(model, FakeAudioSession.of(stretches)));
  expect(unmoderated.segments.map(({ toxicity }) => toxicity)).toEqual([null, null]);
});

test("the model that moderates is held as long as the transcription goes on", async () => {
  const moderation = new FakeServedModel();
  const audio = new FakeAudioSession();
  audio.hear([0, 1_000]);
  const iterator = start(new FakeSpeechModel(), audio, { ...plain, moderation }).segments[Symbol.asyncIterator]();
  await iterator.next();
  expect(moderation.holds).toBe(1);
  await iterator.return?.();
  expect(moderation.holds).toBe(0);
});

test("a deadline that grows allows two and a half times the audio that was heard so far, and at its end all of it", async () => {
  const deadline = Deadline.growing(120_000, 0);
  const audio = new FakeAudioSession();
  const iterator = start(new FakeSpeechModel(), audio, plain, { deadline }).segments[Symbol.asyncIterator]();
  audio.hear([0, 10_000]);
  await iterator.next();
  expect(deadline.expiresAt).toBe(120_000);
  audio.hear([90_000, 100_000]);
  await iterator.next();
  expect(deadline.expiresAt).toBe(250_000);
  audio.complete({ durationMs: 200_000 });
  await iterator.next();
  expect(deadline.expiresAt).toBe(500_000);
});

test("a failure of the audio fails segments and summary, and closes the session", async () => {
  const failure = new ServiceError("unsupported_media_type", "no audio");
  const audio = new FakeAudioSession();
  const { segments, summary } = start(new FakeSpeechModel(), audio);
  const first = segments[Symbol.asyncIterator]().next();
  audio.fail(failure);
  await expect(first).rejects.toBe(failure);
  await expect(summary).rejects.toBe(failure);
  expect(audio.isClosed).toBe(true);
});

test("a failure of one window ends the others", async () => {
  const failure = new ServiceError("inference_process_crashed", "gone");
  const model = new FakeSpeechModel();
  const signals: AbortSignal[] = [];
  model.hear = (input, { signal }) => {
    signals.push(signal);
    return indexOf(input) === 0 ? Promise.reject(failure) : new Promise<never>(() => {});
  };
  const audio = FakeAudioSession.of([[[0, 1_000]], [[2_000, 3_000]]]);
  await expect(read(start(model, audio))).rejects.toBe(failure);
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
  expect(audio.isClosed).toBe(true);
});

test("a client that leaves ends everything at once, with the reason of its signal", async () => {
  const controller = new AbortController();
  const reason = new ServiceError("client_closed_request", "gone");
  const audio = new FakeAudioSession();
  const { segments } = start(new FakeSpeechModel(), audio, plain, { signal: controller.signal });
  const first = segments[Symbol.asyncIterator]().next();
  controller.abort(reason);
  await expect(first).rejects.toBe(reason);
  expect(audio.isClosed).toBe(true);
});

test("who stops reading gets no summary, and the session is closed", async () => {
  const audio = FakeAudioSession.of([[[0, 1_000]], [[2_000, 3_000]]]);
  const { segments, summary } = start(new FakeSpeechModel(), audio);
  for await (const { id } of segments) {
    expect(id).toBe(0);
    break;
  }
  await expect(summary).rejects.toThrow("not read to its end");
  expect(audio.isClosed).toBe(true);
});

test("segments and the end are told to whoever counts them, without a word of the text", async () => {
  const events = strictEventBus();
  const told = [...collectAll(events)];
  const audio = FakeAudioSession.of([[[0, 1_000]]]);
  await read(start(new FakeSpeechModel(), audio, plain, {}, events));
  expect(told.map((collected) => collected)).toEqual([
    [{ ...requestIds(), model: "whisper-base", startMs: 0, endMs: 1_000, tokens: 15 }],
    [
      {
        ...requestIds(),
        model: "whisper-base",
        audioMs: 10_000,
        speechMs: 8_000,
        windows: 1,
        processingMs: 61.5,
      },
    ],
  ]);
});

function start(
  model: FakeSpeechModel,
  audio: FakeAudioSession,
  input: TranscribeInput = plain,
  context: Partial<Pick<RequestContext, "deadline" | "signal">> = {},
  events: EventBus = strictEventBus(),
): Transcription {
  return transcribe(model, audio, input, requestContext(context), events);
}

async function read({ segments, summary }: Transcription) {
  const collected: TranscriptSegment[] = [];
  for await (const segment of segments) {
    collected.push(segment);
  }
  return { segments: collected, summary: await summary };
}

function collectAll(events: EventBus) {
  return [collectEvents(events, "segment_processed"), collectEvents(events, "audio_processed")];
}

function indexOf({ features }: SpeechWindowInput): number {
  return features[0] ?? -1;
}

/** As many words as are asked for, which tell the window. */
function words(window: number, count: number): string {
  return Array.from({ length: count }, (_, index) => `mot${window}${index}`).join(" ");
}
