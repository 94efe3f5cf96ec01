import { statSync } from "node:fs";
import { join } from "node:path";
import type { Benchmark, Findings, Progress } from "./benchmark.ts";
import { type UploadAnswer, upload } from "./load/upload.ts";
import { projectRoot } from "./project.ts";
import { Service } from "./service.ts";
import { type Clip, readClips } from "./speech/clips.ts";
import { largeSpeech, longSpeech } from "./speech/long-speech.ts";
import { type MemoryUse, MemoryWatch, memoryUse } from "./speech/memory-watch.ts";
import { figure, type Table } from "./table.ts";

const timeoutMs = 7_200_000;

/** Memory while long and large files are transcribed: it must not grow with their length. */
export const longAudio: Benchmark = {
  summary: "speech: memory of a short and a long file, and of a large upload",
  options: [
    { name: "short", byDefault: 600, help: "seconds of the short file" },
    { name: "long", byDefault: 10_800, help: "seconds of the long file" },
    { name: "bytes", byDefault: 2 ** 31 - 44, help: "size of the large upload" },
    { name: "speech", byDefault: null, help: "folder of WAV clips with transcripts.tsv; else those of the tests" },
  ],

  async run(options, progress): Promise<Findings> {
    const clips = readClips(options.text("speech"));
    const short = await measure("short file", longSpeech(clips, options.number("short")), progress);
    const long = await measure("long file", longSpeech(clips, options.number("long")), progress);
    const large = await measureLarge(clips, options.number("bytes"), progress);
    return {
      tables: [memoryTable([short, long]), largeTable(large)],
      notes: ["What the processes share counts once (proportional set size), but for the resident memory of the API."],
      failures: [short, long, large].flatMap(({ title, answer }) =>
        answer.status === 200 ? [] : [`the ${title} was answered with ${answer.status}`],
      ),
      values: {
        short: valuesOf(short),
        long: valuesOf(long),
        large: valuesOf(large),
        ratio: grown(long) / grown(short),
      },
    };
  },
};

interface Run {
  readonly title: string;
  readonly answer: UploadAnswer;
  readonly before: MemoryUse;
  readonly highest: MemoryUse;
  /** Size of the weights of all inference processes that were started. */
  readonly modelMib: number;
}

interface LargeRun extends Run {
  readonly bytes: number;
  /** From the start to the first words; NaN when there were none. */
  readonly firstDeltaMs: number;
}

/** Each in a service of its own, so that none meets the heap that another has grown. */
async function measure(title: string, content: Iterable<Uint8Array>, progress: Progress): Promise<Run> {
  await using service = await Service.start();
  return await watch(title, service, { path: "/v1/transcribe", content }, progress);
}

async function measureLarge(clips: readonly Clip[], bytes: number, progress: Progress): Promise<LargeRun> {
  await using service = await Service.start();
  const startedAt = performance.now();
  let firstDeltaMs = Number.NaN;
  const onText = (text: string): void => {
    if (Number.isNaN(firstDeltaMs) && text.includes("transcript.text.delta")) {
      firstDeltaMs = performance.now() - startedAt;
    }
  };
  const request = { path: "/v1/transcribe?stream=true", content: largeSpeech(clips, bytes), onText };
  const run = await watch("large upload", service, request, progress);
  return { ...run, bytes, firstDeltaMs };
}

async function watch(
  title: string,
  service: Service,
  request: Pick<Parameters<typeof upload>[0], "path" | "content" | "onText">,
  progress: Progress,
): Promise<Run> {
  progress(`${title}: sending`);
  const before = memoryUse(service.pid);
  using watched = new MemoryWatch(service.pid);
  const answer = await upload({ port: service.port, timeoutMs, ...request });
  const { highest } = watched;
  progress(`${title}: ${figure(answer.totalMs / 1000)} s, ${figure(highest.total)} MiB at most`);
  return { title, answer, before, highest, modelMib: modelMib(service) };
}

/** What the model files weigh, for each inference process that was started. */
function modelMib(service: Service): number {
  const started = service.processEvents().filter(({ event }) => event === "process_started");
  const bytes = started.map(({ model }) => weightFiles(model).reduce((total, path) => total + statSync(path).size, 0));
  return bytes.reduce((total, each) => total + each, 0) / 2 ** 20;
}

function weightFiles(model: string): string[] {
  const names = model.startsWith("whisper")
    ? ["encoder_model_quantized.onnx", "decoder_model_quantized.onnx"]
    : ["model_quantized.onnx"];
  return names.map((name) => join(projectRoot, "models", model, "onnx", name));
}

/** All processes without the weights. */
function grown({ highest, modelMib: weights }: Run): number {
  return highest.total - weights;
}

function memoryTable(runs: readonly Run[]): Table {
  return {
    title: "Memory in MiB",
    columns: ["", "at rest", "highest", "weights", "highest − weights", "API", "inference", "audio", "wall s"],
    rows: runs.map((run) => [
      run.title,
      figure(run.before.total),
      figure(run.highest.total),
      figure(run.modelMib),
      figure(grown(run)),
      figure(run.highest.api),
      figure(run.highest.inference),
      figure(run.highest.audio),
      figure(run.answer.totalMs / 1000),
    ]),
  };
}

function largeTable(run: LargeRun): Table {
  return {
    title: `One upload of ${figure(run.bytes / 2 ** 30)} GiB, streamed`,
    columns: ["", ""],
    rows: [
      ["resident memory of the API before, MiB", figure(run.before.apiResident)],
      ["its highest, MiB", figure(run.highest.apiResident)],
      ["rise, MiB", figure(run.highest.apiResident - run.before.apiResident)],
      ["all processes − weights, highest, MiB", figure(grown(run))],
      ["first words after, s", figure(run.firstDeltaMs / 1000)],
      ["upload complete after, s", figure((run.answer.sentMs ?? Number.NaN) / 1000)],
      ["answer complete after, s", figure(run.answer.totalMs / 1000)],
    ],
  };
}

function valuesOf({ answer, ...run }: Run): Record<string, unknown> {
  const { status, totalMs, sentMs } = answer;
  return { ...run, status, totalMs, sentMs };
}
