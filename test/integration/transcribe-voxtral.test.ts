import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { descendants, killAll } from "../helpers/process-facts.ts";
import { ServiceProcess } from "../helpers/service-process.ts";
import { silentFile, speechFile } from "../helpers/speech-file.ts";
import { TemporaryFolder } from "../helpers/temporary-folder.ts";
import { writeTinyVoxtral } from "../helpers/tiny-voxtral.ts";

/** The service with small Voxtral models beside Whisper: everything is real but the weights, which know few words. */

const patienceMs = 600_000;

const answerSchema = z.object({
  text: z.string(),
  language: z.string().nullable(),
  timestamp_source: z.literal("voice_activity"),
  model: z.object({ name: z.string() }),
  segments: z.array(
    z.object({
      start: z.number(),
      end: z.number(),
      text: z.string(),
      language: z.string().nullable(),
      no_speech_prob: z.number().nullable(),
    }),
  ),
});

const clips = [
  "vm-intro.wav",
  "demo-abouttotry.wav",
  "invalid.wav",
  "privacy-prompt.wav",
  "followme-sorry.wav",
  "transfer.wav",
  "ss-noservice.wav",
];

const folder = new TemporaryFolder();
let service: ServiceProcess;

beforeAll(async () => {
  service = await ServiceProcess.ready({
    hears: true,
    furtherModels: [
      { folder: folderOf("single"), instances: 1, spares: 0 },
      { folder: folderOf("batching"), instances: 1, spares: 0, maxBatchSize: 4 },
      { folder: folderOf("long"), instances: 1, spares: 0, chunksPerWindow: 3 },
    ],
  });
}, patienceMs);

afterAll(async () => {
  await service[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

test("a Voxtral folder is transcribed with beside Whisper", { timeout: patienceMs }, async () => {
  const answer = await transcribe("single", speechFile(["conf-full.wav"], 1_000), "&language=fr");
  expect(answer.model.name).toBe("single");
  expect(answer.language).toBe("fr");
  expect(answer.text).not.toBe("");
  expect(answer.segments).toMatchObject([{ language: "fr", no_speech_prob: null }]);
  expect(answer.segments[0]?.start).toBeGreaterThan(0.5);
});

test("without a language it says none, and Whisper still does", { timeout: patienceMs }, async () => {
  const file = speechFile(["conf-full.wav"], 1_000);
  expect((await transcribe("single", file)).language).toBeNull();
  expect((await transcribe("whisper-base", file)).language).toBe("fr");
});

test("silence is a transcript without a word", { timeout: patienceMs }, async () => {
  expect(await transcribe("single", silentFile(5_000))).toMatchObject({ text: "", language: null, segments: [] });
});

test("windows that are decoded side by side have the words that they have alone", { timeout: patienceMs }, async () => {
  const file = speechFile([...clips, ...clips, ...clips], 1_500);
  const alone = await transcribe("single", file, "&language=fr");
  expect(alone.segments.length).toBeGreaterThan(5);
  const together = await transcribe("batching", file, "&language=fr");
  expect(together.segments).toEqual(alone.segments);
});

test("several chunks go into one prompt where the settings say so", { timeout: patienceMs }, async () => {
  const file = speechFile([...clips, ...clips], 1_500);
  const from = service.log.length;
  const whole = await transcribe("long", file, "&language=fr");
  expect(whole.text).not.toBe("");
  const alone = await transcribe("single", file, "&language=fr");
  expect(2 * (await windowsOf("long", from))).toBeLessThanOrEqual(await windowsOf("single", from));
  // Other windows, other words; the times are those of voice activity, whatever is said in between.
  expect(whole.segments.at(-1)!.end).toBeCloseTo(alone.segments.at(-1)!.end, 0);
});

test("a transcript is the same when its processes are killed under it", { timeout: patienceMs }, async () => {
  const file = speechFile([...clips, ...clips], 1_500);
  const query = "?model=batching&stream=true&language=fr";
  const undisturbed = await (await service.transcribe(file, query)).text();
  let disturbed = "";
  for await (const piece of (await service.transcribe(file, query)).body ?? []) {
    if (disturbed === "") {
      // The first words are there, and later windows on their way.
      killAll(descendants(service.child.pid ?? 0, "src/inference/main.ts"));
    }
    disturbed += Buffer.from(piece).toString("utf8");
  }
  expect(deltasOf(disturbed)).toEqual(deltasOf(undisturbed));
  expect(deltasOf(undisturbed).length).toBeGreaterThan(3);
  expect(service.log).toContainEqual(
    expect.objectContaining({ event: "process_exited", model: "batching", signal: "SIGKILL" }),
  );
});

test("above temperature 0 the seed decides the words", { timeout: patienceMs }, async () => {
  const file = speechFile(["demo-abouttotry.wav", "invalid.wav"], 700);
  const texts = [];
  for (const seed of [1, 2, 1]) {
    texts.push((await transcribe("single", file, `&language=fr&temperature=1&seed=${seed}`)).text);
  }
  expect(texts[2]).toBe(texts[0]);
  expect(texts[1]).not.toBe(texts[0]);
});

test("what the model cannot do is refused, and what it can is told", { timeout: patienceMs }, async () => {
  const refused = await service.transcribe(silentFile(100), "?model=single&language=ja");
  expect(refused.status).toBe(400);
  const words = await service.transcribe(silentFile(100), "?model=single&timestamp_granularities[]=word");
  expect(words.status).toBe(400);
  const described: unknown = await (await fetch(`${service.url}/v1/models/long`)).json();
  expect(described).toMatchObject({
    task: "automatic-speech-recognition",
    languages: ["de", "en", "es", "fr", "hi", "it", "nl", "pt"],
    detects_language: false,
    timestamp_source: "voice_activity",
    timestamp_granularities: ["segment"],
    limits: { window_seconds: 90 },
  });
});

/** Into how many windows the model's file was cut, from line `from` on: the metrics of a model count canaries too. */
async function windowsOf(model: string, from: number): Promise<number> {
  const line = await service.logged((entry) => entry.event === "audio_processed" && entry["model"] === model, from);
  return z.object({ windows: z.number().positive() }).parse(line).windows;
}

/** The events that bring text. */
function deltasOf(stream: string): string[] {
  return stream.split("\n").filter((line) => line.includes('"transcript.text.delta"'));
}

function folderOf(name: string): string {
  return writeTinyVoxtral(`${folder.path}/${name}`, { name });
}

async function transcribe(model: string, file: Buffer<ArrayBuffer>, query = ""): Promise<z.infer<typeof answerSchema>> {
  const response = await service.transcribe(file, `?model=${model}&response_format=verbose_json${query}`);
  const body: unknown = await response.json();
  expect([response.status, body]).toEqual([200, expect.anything()]);
  return answerSchema.parse(body);
}
