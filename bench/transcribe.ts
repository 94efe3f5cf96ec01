import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import type { Benchmark, Findings, Progress } from "./benchmark.ts";
import { allowedCpus } from "./machine.ts";
import type { Options } from "./options.ts";
import { type RecognizerSettings, Recognizers } from "./peers/recognizers.ts";
import { ServiceTranscriber } from "./peers/service-transcriber.ts";
import { Service } from "./service.ts";
import { type Clip, readClips, repeated } from "./speech/clips.ts";
import { firstDeltaTable, measureFirstDelta } from "./speech/first-delta.ts";
import { measurePreprocessing, preprocessingTable } from "./speech/preprocessing.ts";
import { runScenario, type ScenarioResult, scenarioTables } from "./speech/scenario.ts";
import { measureStages, stageTable } from "./speech/stages.ts";
import { type ClipFile, writeWav } from "./speech/wav-file.ts";
import { percent } from "./table.ts";

const parallelClips = 8;
const longSeconds = 300;
const firstDeltaRepeats = 5;
/** More errors than the best peer makes, by which our speed would be bought. */
const allowedErrors = 0.05;

/** Real-time factors of `POST /v1/transcribe` against its peers, and where its time goes. */
export const transcribe: Benchmark = {
  summary: "speech: real-time factors against peers, time to the first words, time per stage",
  options: [
    { name: "rounds", byDefault: 5, help: "rounds in which all take turns" },
    { name: "clips", byDefault: 1000, help: "clips, from the first on; fewer only to try it out" },
    { name: "speech", byDefault: null, help: "folder of WAV clips with transcripts.tsv; else those of the tests" },
    {
      name: "public",
      byDefault: null,
      help: "folder with onnx/*_quantized.onnx in the hub's layout, for transformers.js",
    },
    {
      name: "python",
      byDefault: null,
      help: "Python with bench/peers/faster-whisper/requirements.txt; else one is made",
    },
  ],

  async run(options, progress): Promise<Findings> {
    const folder = mkdtempSync(join(tmpdir(), "bench-"));
    try {
      return await measure(options, folder, progress);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

async function measure(options: Options, folder: string, progress: Progress): Promise<Findings> {
  const rounds = options.number("rounds");
  const clips = readClips(options.text("speech")).slice(0, options.number("clips"));
  const [cpu = 0] = allowedCpus();
  const { scenarios, notes } = await runScenarios(options, clips, folder, progress);
  const preprocessing = await measurePreprocessing(clips, folder, { cpu, rounds }, progress);
  await using service = await Service.start();
  progress("time to the first words");
  const firstDelta = await measureFirstDelta(service.port, withoutPauses(clips), firstDeltaRepeats);
  const stages = await measureStages(service, repeated(clips, longSeconds));
  return {
    tables: [
      ...scenarios.flatMap(scenarioTables),
      preprocessingTable(preprocessing),
      firstDeltaTable(firstDelta),
      stageTable(stages),
    ],
    notes,
    failures: scenarios.flatMap(wrongTexts),
    values: { scenarios, preprocessing, firstDelta, stages },
  };
}

/** Single clips on one core; several at once, and a long file, on all. */
async function runScenarios(
  options: Options,
  clips: readonly Clip[],
  folder: string,
  progress: Progress,
): Promise<{ readonly scenarios: readonly ScenarioResult[]; readonly notes: readonly string[] }> {
  progress("preparing the peers");
  const peers = await Recognizers.prepare({ model: options.text("public"), python: options.text("python") });
  const cores = availableParallelism();
  const cpu = String(allowedCpus()[0] ?? 0);
  const clipFiles = clips.map((clip) => writeWav(folder, clip));
  const longFile = writeWav(folder, repeated(clips, longSeconds));
  const settings: readonly ScenarioSettings[] = [
    {
      title: "Single clips, 1 thread",
      files: clipFiles,
      parallel: 1,
      cpus: cpu,
      fasterWhisper: [{ workers: 1, threads: 1, mode: "sequential" }],
      asrPipeline: [{ processes: 1, threads: 1 }],
    },
    {
      title: `${parallelClips} clips at a time, all cores`,
      files: clipFiles,
      parallel: parallelClips,
      cpus: null,
      fasterWhisper: [
        { workers: cores, threads: 1, mode: "sequential" },
        { workers: 1, threads: cores, mode: "sequential" },
      ],
      asrPipeline: [
        { processes: cores, threads: 1 },
        { processes: 1, threads: cores },
      ],
    },
    {
      title: "One file of 5 minutes, all cores",
      files: [longFile],
      parallel: 1,
      cpus: null,
      fasterWhisper: [
        { workers: 1, threads: 1, mode: "sequential" },
        { workers: 1, threads: cores, mode: "sequential" },
        { workers: 1, threads: cores, mode: "batched" },
      ],
      asrPipeline: [{ processes: 1, threads: cores }],
    },
  ];
  const scenarios: ScenarioResult[] = [];
  for (const { title, files, parallel, cpus, fasterWhisper, asrPipeline } of settings) {
    await using contestants = new AsyncDisposableStack();
    progress(`${title}: starting the service and its peers`);
    const service = contestants.use(await Service.start(cpus === null ? {} : { cpus }));
    const transcribers = [
      new ServiceTranscriber("ours", service),
      ...(await peers.start({ cpus, fasterWhisper, asrPipeline }, contestants)),
    ];
    const scenario = { title, files, parallel, transcribers };
    scenarios.push(await runScenario(scenario, options.number("rounds"), progress));
  }
  return { scenarios, notes: peers.notes };
}

interface ScenarioSettings extends RecognizerSettings {
  readonly title: string;
  readonly files: readonly ClipFile[];
  readonly parallel: number;
}

/** Speech from the first sample on, with no more than its own short pauses. */
function withoutPauses(clips: readonly Clip[]): Clip {
  const longest = clips.toSorted((a, b) => b.seconds - a.seconds).slice(0, 3);
  const samples = Int16Array.from(longest.flatMap((clip) => [...clip.samples]));
  return { name: "speech", samples, seconds: 0, text: "" };
}

function wrongTexts({ title, contestants }: ScenarioResult): string[] {
  const ours = contestants.find(({ peer }) => peer === "ours")?.wordErrorRate ?? Number.NaN;
  const best = Math.min(...contestants.filter(({ peer }) => peer !== "ours").map(({ wordErrorRate }) => wordErrorRate));
  return ours > best + allowedErrors
    ? [`${title}: we get ${percent(ours)} of the words wrong, the best peer ${percent(best)}`]
    : [];
}
