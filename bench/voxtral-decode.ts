import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Benchmark, Findings, Progress } from "./benchmark.ts";
import type { Options } from "./options.ts";
import { LineProcess } from "./peers/line-process.ts";
import { type DecodeAnswer, type DecodeForm, type DecodeJob, suffixes } from "./peers/voxtral/decode-job.ts";
import { prepareInput } from "./peers/voxtral/voxtral-input.ts";
import { residentMib } from "./process-facts.ts";
import { median, type Spread, spread } from "./statistics.ts";
import { figure, percent, type Table } from "./table.ts";

const plugin = fileURLToPath(new URL("./peers/voxtral/plugin-peer.ts", import.meta.url));
const transformers = fileURLToPath(new URL("./peers/voxtral/transformers-peer.ts", import.meta.url));
/** A rate over fewer tokens would say little. */
const fewestTokens = 8;

/** Our Voxtral plugin against transformers.js on the same model folder. */
export const voxtralDecode: Benchmark = {
  summary: "tokens/s of the Voxtral plugin and of transformers.js on the same folder",
  options: [
    { name: "folder", byDefault: null, help: "model folder in the public layout; tools/voxtral-shape makes one" },
    { name: "form", byDefault: "q4", help: `how its weights are stored: ${Object.keys(suffixes).join(", ")}` },
    { name: "tokens", byDefault: 48, help: "tokens to give at most; 16 or more" },
    { name: "threads", byDefault: availableParallelism(), help: "threads of each contestant" },
    { name: "rounds", byDefault: 5, help: "rounds in which all take turns, after one that warms up" },
  ],

  async run(options, progress): Promise<Findings> {
    const work = mkdtempSync(join(tmpdir(), "bench-"));
    try {
      return findings(await measure(await prepareJob(options, work), options, progress));
    } finally {
      rmSync(work, { recursive: true });
    }
  },
};

/** 30 s of speech, and the prompt that the service would write for it. */
async function prepareJob(options: Options, work: string): Promise<Omit<DecodeJob, "layout">> {
  const folder = options.text("folder");
  const form = options.text("form");
  if (folder === null || form === null || !(form in suffixes)) {
    throw new Error(`--folder is needed, and --form is one of ${Object.keys(suffixes).join(", ")}`);
  }
  const input = await prepareInput(folder, work);
  return { folder: resolve(folder), form: form as DecodeForm, threads: options.number("threads"), ...input };
}

interface Contestant {
  readonly name: string;
  readonly process: LineProcess;
}

interface Measured {
  readonly name: string;
  /** One for each round. */
  readonly answers: readonly DecodeAnswer[];
  readonly residentMib: number;
}

/**
 * Ours decide how long the texts are: they stop where the model goes round in circles, which transformers.js does not
 * notice. It is asked for as many tokens, and for an end token where there is room for one.
 */
async function measure(
  job: Omit<DecodeJob, "layout">,
  options: Options,
  progress: Progress,
): Promise<readonly Measured[]> {
  await using running = new AsyncDisposableStack();
  const contestants = await startAll(job, running, progress);
  const limit = options.number("tokens");
  const answers = contestants.map((): DecodeAnswer[] => []);
  for (let round = 0; round <= options.number("rounds"); round++) {
    progress(round === 0 ? "warming up" : `round ${round}`);
    for (const [index, { process }] of contestants.entries()) {
      const ownTokens = answers[0]?.[0]?.tokenIds.length ?? limit;
      const maxNewTokens = index === contestants.length - 1 ? Math.min(limit, ownTokens + 1) : limit;
      answers[index]?.push((await process.ask({ maxNewTokens })) as DecodeAnswer);
    }
  }
  return contestants.map(({ name, process }, index) => ({
    name,
    answers: answers[index]?.slice(1) ?? [],
    residentMib: residentMib(process.pid),
  }));
}

/** Ours first, transformers.js last. */
async function startAll(
  job: Omit<DecodeJob, "layout">,
  running: AsyncDisposableStack,
  progress: Progress,
): Promise<readonly Contestant[]> {
  const hasFused = existsSync(join(job.folder, `onnx/decoder_fused${suffixes[job.form]}.onnx`));
  const programs = [
    { name: "ours, a run per token", program: plugin, layout: "steps" as const },
    ...(hasFused ? [{ name: "ours, fused graph", program: plugin, layout: "fused" as const }] : []),
    { name: "transformers.js", program: transformers, layout: "steps" as const },
  ];
  const contestants: Contestant[] = [];
  for (const { name, program, layout } of programs) {
    progress(`loading the model: ${name}`);
    const command = [process.execPath, program, JSON.stringify({ ...job, layout } satisfies DecodeJob)];
    contestants.push({
      name,
      process: running.use(await LineProcess.start(command, { ORT_DISABLE_TELEMETRY: "1" })),
    });
  }
  return contestants;
}

function findings(contestants: readonly Measured[]): Findings {
  const peer = contestants.at(-1);
  const rows = contestants.map((contestant) => ({
    ...contestant,
    promptSeconds: spread(contestant.answers.map(({ times }) => times.promptMs / 1000)),
    tokensPerSecond: spread(contestant.answers.map(tokensPerSecond)),
    shareOutside: median(contestant.answers.map(({ times }) => 1 - times.decodeRunsMs / times.decodeMs)),
    ratio: spread(contestant.answers.map((answer, round) => tokensPerSecond(answer) / rateOf(peer, round))),
  }));
  return {
    tables: [speedTable(rows)],
    notes: [
      `${peer?.answers[0]?.tokenIds.length ?? 0} tokens a text; the first of them comes with the prompt and counts to it.`,
    ],
    failures: contestants.flatMap((contestant) => wrongTexts(contestant, peer)),
    values: { contestants: rows },
  };
}

/** The first token is chosen from what the prompt's last run gave. */
function tokensPerSecond({ tokenIds, times }: DecodeAnswer): number {
  return (tokenIds.length - 1) / (times.decodeMs / 1000);
}

function cpuMsPerToken({ tokenIds, times }: DecodeAnswer): number {
  return times.decodeCpuMs / (tokenIds.length - 1);
}

function rateOf(contestant: Measured | undefined, round: number): number {
  const answer = contestant?.answers[round];
  return answer === undefined ? Number.NaN : tokensPerSecond(answer);
}

interface SpeedRow extends Measured {
  readonly promptSeconds: Spread;
  readonly tokensPerSecond: Spread;
  readonly shareOutside: number;
  readonly ratio: Spread;
}

function speedTable(rows: readonly SpeedRow[]): Table {
  return {
    title: "One window of 30 s",
    columns: [
      "",
      "prompt s",
      "tokens/s",
      "min",
      "max",
      "÷ transformers.js",
      "min",
      "max",
      "outside ORT",
      "CPU ms/token",
      "resident MiB",
    ],
    rows: rows.map((row) => [
      row.name,
      figure(row.promptSeconds.median),
      ...[row.tokensPerSecond, row.ratio].flatMap(({ median: middle, min, max }) => [middle, min, max].map(figure)),
      percent(row.shareOutside),
      figure(median(row.answers.map(cpuMsPerToken))),
      row.residentMib.toFixed(0),
    ]),
  };
}

/** All contestants read the same, so they say the same. */
function wrongTexts({ name, answers }: Measured, peer: Measured | undefined): string[] {
  const expected = peer?.answers[0]?.tokenIds ?? [];
  const shortest = Math.min(...answers.map(({ tokenIds }) => tokenIds.length));
  if (shortest < fewestTokens) {
    return [`${name} gave ${shortest} tokens, too few to tell a speed by`];
  }
  const isOther = answers.some(({ tokenIds }) =>
    tokenIds.some((tokenId, at) => at < expected.length && tokenId !== expected[at]),
  );
  return isOther ? [`${name} gave other tokens than transformers.js`] : [];
}
