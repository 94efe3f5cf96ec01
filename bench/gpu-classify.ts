import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { maxTexts } from "../src/admission/input-limits.ts";
import type { Benchmark, Findings, Progress } from "./benchmark.ts";
import { type BenchDevice, findBenchDevice } from "./gpu/bench-device.ts";
import { startGpuService } from "./gpu/gpu-service.ts";
import { GpuWatch } from "./gpu/gpu-watch.ts";
import { type BusyShares, nameLimit, parts } from "./gpu/name-limit.ts";
import { repeatFor } from "./gpu/repeat-for.ts";
import { busyShares, type ServiceTimes, serviceTimes } from "./gpu/thread-times.ts";
import { LoadClient } from "./load/load-client.ts";
import type { Options } from "./options.ts";
import { countOf } from "./outcomes.ts";
import { BareRuntime } from "./peers/bare.ts";
import { encodeTexts, padTokenId } from "./peers/encode-texts.ts";
import { sortedBatches } from "./peers/padded-batches.ts";
import { readTexts } from "./project.ts";
import { median, type Spread, spread } from "./statistics.ts";
import { figure, percent, type Table } from "./table.ts";

/** Texts that the service is asked for at once in each of its two settings, by texts of a request. */
const settings = [
  { textsPerRequest: 1, connections: 256 },
  { textsPerRequest: maxTexts, connections: 32 },
];

/**
 * 10,000 short texts are 34 TFLOP, a tenth of a second of an H200; the driver tells twice a second how busy it was.
 * Milliseconds.
 */
const leastMs = 3_000;

/** Short texts a second on a GPU: the binding alone, the service, and what limits it. */
export const gpuClassify: Benchmark = {
  summary: "GPU: short texts/s of the bare binding and of the service, and what limits them",
  options: [
    { name: "folder", byDefault: null, help: "folder of a CamemBERT; tools/camembert-shape makes one" },
    { name: "form", byDefault: "fp16", help: "how its weights are stored" },
    { name: "batches", byDefault: "32,64,128,256,512", help: "texts in one run of the bare binding" },
    { name: "texts", byDefault: 2000, help: "texts, from the first on; fewer only to try it out" },
    {
      name: "passes",
      byDefault: 5,
      help: "times that a measurement goes through the texts; the binding alone runs for 3 s at least",
    },
    { name: "rounds", byDefault: 3, help: "rounds in which all take turns, after one that warms up" },
  ],

  async run(options, progress): Promise<Findings> {
    const device = await findBenchDevice();
    await using stack = new AsyncDisposableStack();
    const contestants = [
      ...(await startBare(options, device, stack, progress)),
      ...(await startService(options, device, stack, progress)),
    ];
    const rows = contestants.map(({ name }) => ({ name, rates: [] as number[], shares: [] as BusyShares[] }));
    const failures: string[] = [];
    for (let round = 0; round <= options.number("rounds"); round++) {
      for (const [index, { name, measure, times }] of contestants.entries()) {
        const watch = new GpuWatch(device.uuid, () => []);
        const before = times();
        const startedAt = performance.now();
        const { textsPerSecond, failed } = await measure();
        const shares = busyShares(before, times(), (performance.now() - startedAt) / 1000);
        const { busyShare } = await watch.stop();
        progress(`round ${round}  ${name}: ${figure(textsPerSecond)} texts/s`);
        failures.push(...(failed === 0 ? [] : [`${name}: ${failed} requests were not answered with 200`]));
        if (round > 0) {
          rows[index]?.rates.push(textsPerSecond);
          rows[index]?.shares.push(busyShare === null ? shares : { ...shares, gpu: busyShare });
        }
      }
    }
    const results = rows.map(resultOf);
    return {
      tables: [rateTable(device.name, results)],
      notes: [
        ...device.notes,
        ...limitsOf(results),
        "The bare binding has its tensors ready and all texts sorted by length.",
        "A share is that of the busiest thread of its kind. Where other programs keep the processors busy, none is what it could be.",
      ],
      failures,
      values: { device, results },
    };
  },
};

interface Contestant {
  readonly name: string;
  readonly measure: () => Promise<{ readonly textsPerSecond: number; readonly failed: number }>;
  /** Of the threads whose share counts. */
  readonly times: () => ServiceTimes;
}

async function startBare(
  options: Options,
  { provider, environment }: BenchDevice,
  stack: AsyncDisposableStack,
  progress: Progress,
): Promise<Contestant[]> {
  const folder = resolve(options.required("folder"));
  const texts = readTexts().slice(0, options.number("texts"));
  const passes = options.number("passes");
  const encodings = await encodeTexts(texts);
  const file = join(folder, `onnx/model_${options.required("form")}.onnx`);
  const setting = { processes: 1, threads: availableParallelism(), executionProvider: provider, environment };
  const contestants: Contestant[] = [];
  for (const size of options.counts("batches")) {
    progress(`loading the model for batches of ${size}`);
    const runtime = stack.use(await BareRuntime.start(file, setting, sortedBatches(encodings, size, padTokenId)));
    contestants.push({
      name: `bare binding, ${size} texts a run`,
      times: () => new Map(),
      measure: async () => {
        const { times, seconds } = await repeatFor(leastMs, () => runtime.runAll(passes));
        return { textsPerSecond: (texts.length * passes * times) / seconds, failed: 0 };
      },
    });
  }
  return contestants;
}

async function startService(
  options: Options,
  device: BenchDevice,
  stack: AsyncDisposableStack,
  progress: Progress,
): Promise<Contestant[]> {
  const texts = { folder: options.required("folder"), form: options.required("form") };
  const environment = {
    SERVICE__SCHEDULER__MAX_QUEUE_SIZE: "1024",
    SERVICE__LOG__SUCCESS_SAMPLE_RATIO: "0",
  };
  const service = await startGpuService(device, { texts }, environment, stack, progress);
  const client = stack.use(new LoadClient());
  const count = options.number("texts");
  return settings.map(({ textsPerRequest, connections }) => ({
    name: `service, ${textsPerRequest} ${textsPerRequest === 1 ? "text" : "texts"} a request`,
    times: () => serviceTimes(service),
    measure: async () => {
      const requests = Math.ceil((count * options.number("passes")) / textsPerRequest);
      const report = await client.closedLoop({
        port: service.port,
        connections,
        limit: { requests },
        texts: Math.max(count, textsPerRequest),
        textsPerRequest,
        keepsBodies: false,
      });
      const answered = countOf(report, 200);
      return {
        textsPerSecond: (answered * textsPerRequest) / report.seconds,
        failed: report.statuses.length - answered,
      };
    },
  }));
}

interface Result {
  readonly name: string;
  readonly textsPerSecond: Spread;
  /** Medians over the rounds. */
  readonly shares: BusyShares;
}

function resultOf({
  name,
  rates,
  shares,
}: {
  readonly name: string;
  readonly rates: readonly number[];
  readonly shares: readonly BusyShares[];
}): Result {
  const known = parts.flatMap((part) => {
    const ofPart = shares.flatMap((each) => each[part] ?? []);
    return ofPart.length === 0 ? [] : [[part, median(ofPart)] as const];
  });
  return { name, textsPerSecond: spread(rates), shares: Object.fromEntries(known) };
}

/** A sentence for each setting of the service. */
function limitsOf(results: readonly Result[]): string[] {
  return results
    .filter(({ shares }) => shares.eventLoop !== undefined)
    .map(({ name, shares }) => `What limits ${name}: ${nameLimit(shares)}.`);
}

function rateTable(device: string, results: readonly Result[]): Table {
  return {
    title: `Short texts on ${device}`,
    columns: ["", "texts/s", "min", "max", "event loop", "tokenizer", "inference process", "GPU"],
    rows: results.map(({ name, textsPerSecond: { median: middle, min, max }, shares }) => [
      name,
      ...[middle, min, max].map(figure),
      ...parts.map((part) => (shares[part] === undefined ? "–" : percent(shares[part]))),
    ]),
  };
}
