import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { descendants, killAll } from "../helpers/process-facts.ts";
import { ServiceProcess } from "../helpers/service-process.ts";
import { silentFile, speechFile } from "../helpers/speech-file.ts";

/** The service as an operator starts it, with the real models: bytes in, text out. */

/** Each file takes seconds of computing, and far more on a busy machine. */
const patienceMs = 600_000;

const verboseSchema = z.object({
  text: z.string(),
  language: z.string().nullable(),
  duration: z.number(),
  partial: z.boolean(),
  segments: z.array(
    z.object({
      start: z.number(),
      end: z.number(),
      text: z.string(),
      toxicity: z.object({ score: z.number(), flagged: z.boolean() }).optional(),
    }),
  ),
});

const deltaSchema = z.object({ type: z.string(), delta: z.string().optional(), text: z.string().optional() });

const manyClips = [
  "transfer.wav",
  "ss-noservice.wav",
  "vm-intro.wav",
  "demo-abouttotry.wav",
  "invalid.wav",
  "privacy-prompt.wav",
  "followme-sorry.wav",
  "dir-nomore.wav",
];

let service: ServiceProcess;

beforeAll(async () => {
  service = await ServiceProcess.ready({ hears: true });
}, patienceMs);

afterAll(() => service[Symbol.asyncDispose]());

test("French speech comes back as its words, in the language that it is in, with times that follow the audio", {
  timeout: patienceMs,
}, async () => {
  const silenceMs = 3_000;
  const answer = await transcribe(speechFile(["vm-sorry.wav", "ss-noservice.wav"], silenceMs), "&moderate=true");
  expect(answer.language).toBe("fr");
  expect(answer.text).toMatch(/je n'ai pas bien compris votre réponse/i);
  expect(answer.text).toMatch(/numéro composé n'est pas en service/i);
  expect(answer.segments.length).toBeGreaterThanOrEqual(2);
  expect(answer.segments[0]?.start).toBeGreaterThan(silenceMs / 1_000 - 1);
  expect(answer.segments.at(-1)?.end).toBeLessThanOrEqual(answer.duration);
  expectInOrder(answer.segments);
  expect(answer.segments.map(({ toxicity }) => toxicity?.flagged)).toEqual(answer.segments.map(() => false));
});

test("silence is a transcript without a word", { timeout: patienceMs }, async () => {
  expect(await transcribe(silentFile(5_000))).toMatchObject({
    text: "",
    language: null,
    duration: 5,
    partial: false,
    segments: [],
  });
});

test("a transcript is the same, word for word, when its processes are killed under it", {
  timeout: patienceMs,
}, async () => {
  const file = speechFile(manyClips, 1_500);
  const undisturbed = await stream(file, () => {});
  const disturbed = await stream(file, killChildren);
  expect(disturbed).toEqual(undisturbed);
  expect(wordsOf(undisturbed).length).toBeGreaterThan(100);
  expect(service.log.some(({ event, reason }) => event === "process_exited" && reason === "crashed")).toBe(true);
  expect(service.log.some(({ event }) => event === "audio_process_crashed")).toBe(true);
});

/** The text of a stream, of which `onFirst` is told at its first words. */
async function stream(file: Buffer<ArrayBuffer>, onFirst: () => void): Promise<string> {
  const response = await service.transcribe(file, "?stream=true&language=fr");
  let text = "";
  for await (const { type, delta, text: whole } of readEvents(response)) {
    if (text === "") {
      onFirst();
    }
    text += delta ?? "";
    if (type === "transcript.text.done") {
      expect(whole).toBe(text);
    }
  }
  return text;
}

function killChildren(): void {
  const pid = service.child.pid ?? 0;
  killAll([...descendants(pid, "src/inference/main.ts"), ...descendants(pid, "src/audio/main.ts")]);
}

async function transcribe(file: Buffer<ArrayBuffer>, query = "") {
  const response = await service.transcribe(file, `?response_format=verbose_json${query}`);
  return verboseSchema.parse(await response.json());
}

async function* readEvents(response: Response): AsyncGenerator<z.infer<typeof deltaSchema>> {
  let rest = "";
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const events = (rest + chunk).split("\n\n");
    rest = events.pop() ?? "";
    for (const event of events) {
      if (event.startsWith("data: {")) {
        yield deltaSchema.parse(JSON.parse(event.slice("data: ".length)));
      }
    }
  }
}

function expectInOrder(segments: readonly { readonly start: number; readonly end: number }[]): void {
  let previousEnd = 0;
  for (const { start, end } of segments) {
    expect(start).toBeGreaterThanOrEqual(previousEnd);
    expect(end).toBeGreaterThan(start);
    previousEnd = end;
  }
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}']+/gu) ?? [];
}
