import type { Benchmark, Findings } from "./benchmark.ts";
import { findBenchDevice } from "./gpu/bench-device.ts";
import { speechFolder, startGpuService } from "./gpu/gpu-service.ts";
import { type GpuUse, GpuWatch } from "./gpu/gpu-watch.ts";
import { type ClipLoad, failedClips, roomForClips, transcribeClips } from "./gpu/speech-load.ts";
import { type Latency, measureLatency } from "./latency.ts";
import { LoadClient } from "./load/load-client.ts";
import { formOption } from "./peers/voxtral/decode-job.ts";
import { readClips } from "./speech/clips.ts";
import { type Percentiles, percentiles } from "./statistics.ts";
import { figure, percent, type Table } from "./table.ts";

/** What classifying and transcribing cost each other on one device. */
export const gpuSharing: Benchmark = {
  summary: "GPU: latencies of classify and transcribe alone and beside each other",
  options: [
    { name: "folder", byDefault: null, help: "Voxtral folder; tools/gpu-bench makes one" },
    formOption,
    { name: "texts-folder", byDefault: null, help: "folder of a CamemBERT; tools/camembert-shape makes one" },
    { name: "texts-form", byDefault: "fp16", help: "how its weights are stored" },
    { name: "rate", byDefault: 500, help: "texts a second, Poisson arrivals" },
    { name: "clips", byDefault: 32, help: "clips at a time, and windows in one run" },
    { name: "seconds", byDefault: 20, help: "length of each measurement" },
    { name: "rounds", byDefault: 2, help: "rounds of the three measurements, after one that warms up" },
    { name: "speech", byDefault: null, help: "folder of WAV clips with transcripts.tsv; else those of the tests" },
  ],

  async run(options, progress): Promise<Findings> {
    const device = await findBenchDevice();
    await using stack = new AsyncDisposableStack();
    const parallel = options.number("clips");
    const speech = speechFolder(options.required("folder"), options.required("form"), parallel);
    const texts = { folder: options.required("texts-folder"), form: options.required("texts-form") };
    const service = await startGpuService(device, { texts, speech }, roomForClips(parallel), stack, progress);
    const client = stack.use(new LoadClient());
    const clips = readClips(options.text("speech"));
    const seconds = options.number("seconds");
    const classify = (): Promise<Latency> =>
      measureLatency(client, service.port, { requestsPerSecond: options.number("rate"), seconds });
    const transcribe = (): Promise<ClipLoad> => {
      const until = performance.now() + seconds * 1000;
      return transcribeClips(service.port, clips, parallel, () => performance.now() < until);
    };
    const measurements: Measurement[] = [];
    for (let round = 0; round <= options.number("rounds"); round++) {
      for (const work of ["classify", "transcribe", "both"] as const) {
        progress(`${round === 0 ? "warming up" : `round ${round}`}: ${work}`);
        const watch = new GpuWatch(device.uuid, () => service.inferencePids());
        const [latency, load] = await Promise.all([
          work === "transcribe" ? null : classify(),
          work === "classify" ? null : transcribe(),
        ]);
        const use = await watch.stop();
        measurements.push({ round, work, latency, clips: load === null ? null : clipsOf(load), use });
      }
    }
    const measured = measurements.filter(({ round }) => round > 0);
    return {
      tables: [textTable(device.name, measured), clipTable(device.name, measured)],
      notes: [...device.notes, "Clips are a closed loop: each is followed by another as soon as it is answered."],
      failures: measured.flatMap(problemsOf),
      values: { device, measurements: measured },
    };
  },
};

interface Measurement {
  readonly round: number;
  readonly work: "classify" | "transcribe" | "both";
  readonly latency: Latency | null;
  readonly clips: Clips | null;
  readonly use: GpuUse;
}

interface Clips extends Percentiles {
  readonly perSecond: number;
  readonly problems: readonly string[];
}

function clipsOf({ answers, seconds }: ClipLoad): Clips {
  const latencies = answers.map(({ ms }) => ms);
  return { ...percentiles(latencies), perSecond: answers.length / seconds, problems: failedClips(answers) };
}

function problemsOf({ work, latency, clips }: Measurement): string[] {
  const unanswered = latency === null ? 0 : latency.requests - latency.succeeded;
  return [
    ...(unanswered === 0 ? [] : [`${work}: ${unanswered} texts were not answered with 200`]),
    ...(clips?.problems ?? []).map((problem) => `${work}: ${problem}`),
  ];
}

function textTable(device: string, measurements: readonly Measurement[]): Table {
  return {
    title: `Latency of a text on ${device}, ms`,
    columns: ["", "texts/s", "p50", "p99", "max", "GPU busy"],
    rows: measurements.flatMap(({ round, work, latency, use }) =>
      latency === null
        ? []
        : [
            [
              `round ${round}, ${work === "both" ? "beside clips" : "alone"}`,
              figure(latency.requestsPerSecond),
              ...[latency.p50, latency.p99, latency.max].map(figure),
              busyCell(use),
            ],
          ],
    ),
  };
}

function clipTable(device: string, measurements: readonly Measurement[]): Table {
  return {
    title: `Latency of a clip on ${device}, ms`,
    columns: ["", "clips/s", "p50", "p99", "max", "GPU busy"],
    rows: measurements.flatMap(({ round, work, clips, use }) =>
      clips === null
        ? []
        : [
            [
              `round ${round}, ${work === "both" ? "beside texts" : "alone"}`,
              figure(clips.perSecond),
              ...[clips.p50, clips.p99, clips.max].map(figure),
              busyCell(use),
            ],
          ],
    ),
  };
}

function busyCell({ busyShare }: GpuUse): string {
  return busyShare === null ? "–" : percent(busyShare);
}
