import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseShape } from "../tools/voxtral-cost/model-shape.ts";
import type { Form } from "../tools/voxtral-cost/weights.ts";
import type { Benchmark, Findings, Progress } from "./benchmark.ts";
import { type BandwidthLimit, bandwidthLimit } from "./gpu/bandwidth-limit.ts";
import { type BenchDevice, findBenchDevice } from "./gpu/bench-device.ts";
import { type DecodeRow, type Decoder, decodeRows, decodeTable, promptTable, type Turn } from "./gpu/decode-rows.ts";
import type { Options } from "./options.ts";
import { LineProcess } from "./peers/line-process.ts";
import { findPython } from "./peers/python.ts";
import { formOf, formOption } from "./peers/voxtral/decode-job.ts";
import type { DeviceJob, TextAnswer, TextRequest } from "./peers/voxtral/device-job.ts";
import { prepareInput } from "./peers/voxtral/voxtral-input.ts";
import { projectRoot } from "./project.ts";

/** Tokens per second of Voxtral on a GPU, against what its memory allows and against transformers. */
export const gpuDecode: Benchmark = {
  summary: "GPU: tokens/s of Voxtral against memory bandwidth and transformers' generate()",
  options: [
    { name: "folder", byDefault: null, help: "model folder with a fused decoder; tools/gpu-bench makes one" },
    formOption,
    { name: "batches", byDefault: "1,8,32", help: "texts side by side" },
    { name: "tokens", byDefault: 128, help: "tokens of each text, 2 or more" },
    { name: "rounds", byDefault: 3, help: "rounds in which all take turns, after one that warms up" },
    { name: "threads", byDefault: availableParallelism(), help: "threads of each contestant on a CPU" },
    { name: "python", byDefault: null, help: "Python with tools/voxtral-shape/requirements.txt; else one is made" },
    { name: "peer-folder", byDefault: null, help: "folder with transformers' weights where they are not --folder's" },
    { name: "peer-form", byDefault: null, help: "their form, where it is not --form" },
    { name: "peer-caches", byDefault: "dynamic", help: "caches of generate(): dynamic, static (compiled), or none" },
  ],

  async run(options, progress): Promise<Findings> {
    const work = mkdtempSync(join(tmpdir(), "bench-"));
    try {
      return await measure(await prepareJob(options, work), options, progress);
    } finally {
      rmSync(work, { recursive: true });
    }
  },
};

interface Prepared {
  readonly device: BenchDevice;
  readonly job: DeviceJob;
}

async function prepareJob(options: Options, work: string): Promise<Prepared> {
  const folder = resolve(options.required("folder"));
  const device = await findBenchDevice();
  const job = {
    folder,
    form: formOf(options.required("form")),
    provider: device.provider,
    threads: options.number("threads"),
    ...(await prepareInput(folder, work)),
  };
  return { device, job };
}

interface Contestant extends Decoder {
  readonly process: LineProcess;
}

async function measure({ device, job }: Prepared, options: Options, progress: Progress): Promise<Findings> {
  await using running = new AsyncDisposableStack();
  const contestants = await startOurs(job, device, running, progress);
  const { peers, notes } = await startPeers(job, options, running, progress);
  const all = [...contestants, ...peers];
  const tokens = options.number("tokens");
  const rows: DecodeRow[] = [];
  for (const batch of options.counts("batches")) {
    const answers = await takeTurns(all, { rows: batch, tokens }, options.number("rounds"), progress);
    const limitOf = (form: Form, made: number): BandwidthLimit =>
      bandwidthLimit(shapeOf(job.folder), form, device.bytesPerSecond, {
        rows: batch,
        promptTokens: job.promptTokenIds.length,
        tokens: made - 1,
      });
    rows.push(...decodeRows(all, answers, { batch, limitOf }));
  }
  return {
    tables: [decodeTable(device.name, rows), promptTable(rows)],
    notes: [
      ...device.notes,
      ...notes,
      `Prompts of ${job.promptTokenIds.length} tokens; ${tokens} tokens a text at most, all texts of a batch alike.`,
      `The limit is ${(device.bytesPerSecond / 1e12).toFixed(3)} TB/s over the bytes of weights and caches that a step reads.`,
    ],
    failures: rows.flatMap(({ problems }) => problems),
    values: { device, rows },
  };
}

async function startOurs(
  job: DeviceJob,
  device: BenchDevice,
  running: AsyncDisposableStack,
  progress: Progress,
): Promise<readonly Contestant[]> {
  const ways = [
    { name: "ours, one run", program: "one-run-peer.ts" },
    { name: "ours, calls of 16 tokens", program: "calls-peer.ts" },
  ];
  const contestants: Contestant[] = [];
  for (const { name, program } of ways) {
    progress(`loading the model: ${name}`);
    const file = fileURLToPath(new URL(`./peers/voxtral/${program}`, import.meta.url));
    const command = [process.execPath, file, JSON.stringify(job)];
    const started = await LineProcess.start(command, { ORT_DISABLE_TELEMETRY: "1", ...device.environment });
    contestants.push({ name, process: running.use(started), form: job.form, isPeer: false });
  }
  return contestants;
}

/** Those that can be started, and a note for each: its setting, or why there is none. */
async function startPeers(
  ours: DeviceJob,
  options: Options,
  running: AsyncDisposableStack,
  progress: Progress,
): Promise<{ readonly peers: readonly Contestant[]; readonly notes: readonly string[] }> {
  const peers: Contestant[] = [];
  const notes: string[] = [];
  const caches = options.required("peer-caches").split(",");
  for (const cache of caches.filter((each) => each !== "none")) {
    const name = `transformers, ${cache} cache`;
    progress(`loading the model: ${name}`);
    try {
      const folder = resolve(options.text("peer-folder") ?? ours.folder);
      const job = { ...ours, folder, form: formOf(options.text("peer-form") ?? ours.form), cache };
      const python = await findPython(options.text("python"), needs);
      const command = [python, join(projectRoot, "bench/peers/voxtral/transformers_peer.py"), JSON.stringify(job)];
      const started = await LineProcess.start(command, { PYTHONPATH: join(projectRoot, "tools/voxtral-shape") });
      const { setting } = started.firstAnswer as { readonly setting: string };
      // What it computes with has no 4 bits any more.
      const form = ours.provider === "cuda" ? "fp16" : "fp32";
      peers.push({ name, process: running.use(started), form, isPeer: true });
      notes.push(`${name}: generate() of ${setting}, weights of ${job.form} as ${form}.`);
    } catch (error) {
      notes.push(`${name} was skipped: ${error instanceof Error ? error.message : "it could not be started"}.`);
    }
  }
  return { peers, notes };
}

const needs = {
  name: "transformers",
  requirements: join(projectRoot, "tools/voxtral-shape/requirements.txt"),
  modules: ["numpy", "onnx", "torch", "transformers"],
};

/** A B C A B C …, each with a text of one token and a whole one: by contestant, a turn for each round. */
async function takeTurns(
  contestants: readonly Contestant[],
  request: TextRequest,
  rounds: number,
  progress: Progress,
): Promise<readonly (readonly Turn[])[]> {
  const turns = contestants.map((): Turn[] => []);
  for (let round = 0; round <= rounds; round++) {
    progress(`${request.rows} texts: ${round === 0 ? "warming up" : `round ${round} of ${rounds}`}`);
    for (const [index, { process }] of contestants.entries()) {
      const first = (await process.ask({ ...request, tokens: 1 })) as TextAnswer;
      const whole = (await process.ask(request)) as TextAnswer;
      turns[index]?.push({ first, whole });
    }
  }
  return turns.map((each) => each.slice(1));
}

function shapeOf(folder: string): ReturnType<typeof parseShape> {
  return parseShape(JSON.parse(readFileSync(join(folder, "config.json"), "utf8")));
}
