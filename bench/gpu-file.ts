import type { Benchmark, Findings } from "./benchmark.ts";
import { findBenchDevice } from "./gpu/bench-device.ts";
import { speechFolder, startGpuService } from "./gpu/gpu-service.ts";
import { type GpuUse, GpuWatch } from "./gpu/gpu-watch.ts";
import { type UploadAnswer, upload } from "./load/upload.ts";
import type { Options } from "./options.ts";
import { formOption } from "./peers/voxtral/decode-job.ts";
import type { Service } from "./service.ts";
import { readClips } from "./speech/clips.ts";
import { longSpeech } from "./speech/long-speech.ts";
import type { Stages } from "./speech/stages.ts";
import { figure, percent, type Table } from "./table.ts";

const timeoutMs = 7_200_000;

/** Real-time factor of a long file through the whole service. */
export const gpuFile: Benchmark = {
  summary: "GPU: real-time factor of a long file through the whole service",
  options: [
    {
      name: "folder",
      byDefault: null,
      help: "Voxtral folder; tools/gpu-bench makes one whose texts are of one length",
    },
    formOption,
    { name: "seconds", byDefault: 3600, help: "length of the file" },
    { name: "batch", byDefault: 32, help: "windows in one run" },
    { name: "rounds", byDefault: 2, help: "files, one after another, after a minute of one that warms up" },
    { name: "speech", byDefault: null, help: "folder of WAV clips with transcripts.tsv; else those of the tests" },
  ],

  async run(options, progress): Promise<Findings> {
    const device = await findBenchDevice();
    await using stack = new AsyncDisposableStack();
    const speech = speechFolder(options.required("folder"), options.required("form"), options.number("batch"));
    const service = await startGpuService(device, { speech }, {}, stack, progress);
    const files: TranscribedFile[] = [];
    for (let round = 0; round <= options.number("rounds"); round++) {
      progress(round === 0 ? "warming up" : `file ${round}`);
      const seconds = round === 0 ? Math.min(60, options.number("seconds")) : options.number("seconds");
      const watch = new GpuWatch(device.uuid, () => service.inferencePids());
      const before = await batchesOf(service);
      const answer = await transcribe(service.port, seconds, options);
      const after = await batchesOf(service);
      const batches = { windows: after.windows - before.windows, runs: after.runs - before.runs };
      files.push({ ...read(answer, seconds), ...batches, use: await watch.stop() });
    }
    const measured = files.slice(1);
    return {
      tables: [fileTable(device.name, measured)],
      notes: [
        ...device.notes,
        "A folder made with --answer N gives N tokens for each window of 30 s and fewer for shorter ones, however random its weights.",
      ],
      failures: measured.flatMap(({ status }) => (status === 200 ? [] : [`a file was answered with ${status}`])),
      values: { device, files: measured },
    };
  },
};

interface TranscribedFile {
  readonly seconds: number;
  readonly status: number;
  readonly wallSeconds: number;
  readonly segments: number;
  /** That were computed, each filled up to 30 s, and runs in which they were. */
  readonly windows: number;
  readonly runs: number;
  readonly characters: number;
  readonly timings: Stages | null;
  readonly use: GpuUse;
}

async function batchesOf(service: Service): Promise<Pick<TranscribedFile, "windows" | "runs">> {
  const windows = await service.metric("inference_batch_size_sum", "speech");
  return { windows, runs: await service.metric("inference_batch_size_count", "speech") };
}

function transcribe(port: number, seconds: number, options: Options): Promise<UploadAnswer> {
  const path = "/v1/transcribe?language=fr&response_format=verbose_json";
  return upload({ port, path, content: longSpeech(readClips(options.text("speech")), seconds), timeoutMs });
}

function read(
  { status, body, totalMs }: UploadAnswer,
  seconds: number,
): Omit<TranscribedFile, "use" | "windows" | "runs"> {
  const answer = status === 200 ? (JSON.parse(body) as WholeTranscript) : null;
  return {
    seconds,
    status,
    wallSeconds: totalMs / 1000,
    segments: answer?.segments.length ?? 0,
    characters: answer?.text.length ?? 0,
    timings: answer?.timings ?? null,
  };
}

interface WholeTranscript {
  readonly text: string;
  readonly segments: readonly unknown[];
  readonly timings: Stages;
}

function fileTable(device: string, files: readonly TranscribedFile[]): Table {
  return {
    title: `Files through POST /v1/transcribe, Voxtral on ${device}`,
    columns: [
      "",
      "audio s",
      "wall s",
      "real-time factor",
      "times real time",
      "windows",
      "windows a run",
      "GPU busy",
      "preprocess s",
      "inference s",
    ],
    rows: files.map(({ seconds, wallSeconds, windows, runs, timings, use }, index) => [
      `file ${index + 1}`,
      figure(seconds),
      figure(wallSeconds),
      (wallSeconds / seconds).toFixed(5),
      figure(seconds / wallSeconds),
      String(windows),
      figure(windows / runs),
      use.busyShare === null ? "–" : percent(use.busyShare),
      figure((timings?.preprocessMs ?? Number.NaN) / 1000),
      figure((timings?.inferenceMs ?? Number.NaN) / 1000),
    ]),
  };
}
