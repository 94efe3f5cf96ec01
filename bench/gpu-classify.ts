import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { maxTexts } from "../src/admission/input-limits.ts";
import { prepareText } from "../src/text/prepare-text.ts";
import { Tokenizer } from "../src/text/tokenizer.ts";
import { maxChunkTokens } from "../src/text/windows.ts";
import type { Benchmark, Findings, Progress } from "./benchmark.ts";
import { type BenchDevice, findBenchDevice } from "./gpu/bench-device.ts";
import { startGpuService } from "./gpu/gpu-service.ts";
import { GpuWatch } from "./gpu/gpu-watch.ts";
import { nameLimit, type StageRates } from "./gpu/name-limit.ts";
import { LoadClient } from "./load/load-client.ts";
import type { ClosedLoopJob, LoadReport } from "./load/load-job.ts";
import type { Options } from "./options.ts";
import { countOf } from "./outcomes.ts";
import { BareRuntime } from "./peers/bare.ts";
import { encodeTexts, padTokenId } from "./peers/encode-texts.ts";
import { sortedBatches } from "./peers/padded-batches.ts";
import { readTexts } from "./project.ts";
import { median, type Spread, spread } from "./statistics.ts";
import { figure, percent, type Table } from "./table.ts";
import { limits, microsecondsPerText } from "./tokenizer.ts";

/** Texts that the service is asked for at once in each of its two settings, by texts of a request. */
const settings = [
  { textsPerRequest: 1, connections: 256 },
  { textsPerRequest: maxTexts, connections: 32 },
];

/** Short texts a second on a GPU: the binding alone, the service, and what limits it. */
export const gpuClassify: Benchmark = {
  summary: "GPU: short texts/s of the bare binding and of the service, and what limits them",
  options: [
    { name: "folder", byDefault: null, help: "folder of a CamemBERT; tools/camembert-shape makes one" },
    { name: "form", byDefault: "fp16", help: "how its weights are stored" },
    { name: "batches", byDefault: "32,64,128,256,512", help: "texts in one run of the bare binding" },
    { name: "texts", byDefault: 2000, help: "texts, from the first on; fewer only to try it out" },
    { name: "passes", byDefault: 5, help: "times that a measurement goes through the texts" },
    { name: "rounds", byDefault: 3, help: "rounds in which all take turns, after one that warms up" },
  ],

  async run(options, progress): Promise<Findings> {
    const device = await findBenchDevice();
    await using stack = new AsyncDisposableStack();
    const contestants = [
      ...(await startBare(options, device, stack, progress)),
      ...(await startService(options, stack, progress)),
    ];
    const rows = contestants.map(({ name, part }) => ({ name, part, rates: [] as number[], busy: [] as number[] }));
    const failures: string[] = [];
    for (let round = 0; round <= options.number("rounds"); round++) {
      for (const [index, { name, measure }] of contestants.entries()) {
        const watch = new GpuWatch(device.uuid, () => []);
        const { textsPerSecond, failed } = await measure();
        const { busyShare } = await watch.stop();
        progress(`round ${round}  ${name}: ${figure(textsPerSecond)} texts/s`);
        failures.push(...(failed === 0 ? [] : [`${name}: ${failed} requests were not answered with 200`]));
        if (round > 0) {
          rows[index]?.rates.push(textsPerSecond);
          rows[index]?.busy.push(...(busyShare === null ? [] : [busyShare]));
        }
      }
    }
    const results = rows.map(resultOf);
    return {
      tables: [rateTable(device.name, results)],
      notes: [
        ...device.notes,
        ...limitsOf(results),
        "The bare binding has its tensors ready and all texts sorted by length; the tokenizer has one thread, as in the service.",
      ],
      failures,
      values: { device, results },
    };
  },
};

type Part = keyof StageRates | "service";

interface Contestant {
  readonly name: string;
  readonly part: Part;
  readonly textsPerRequest?: number;
  readonly measure: () => Promise<{ readonly textsPerSecond: number; readonly failed: number }>;
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
      part: "binding",
      measure: async () => {
        const startedAt = performance.now();
        await runtime.runAll(passes);
        return { textsPerSecond: (texts.length * passes * 1000) / (performance.now() - startedAt), failed: 0 };
      },
    });
  }
  const tokenizer = Tokenizer.load(folder, { maxChunkTokens: maxChunkTokens(limits) });
  const encode = (text: string): ArrayLike<number> => prepareText(text, tokenizer, limits).windows[0]?.inputIds ?? [];
  contestants.push({
    name: "tokenizer, one thread",
    part: "tokenizer",
    measure: async () => ({ textsPerSecond: 1e6 / microsecondsPerText(texts, encode), failed: 0 }),
  });
  return contestants;
}

async function startService(options: Options, stack: AsyncDisposableStack, progress: Progress): Promise<Contestant[]> {
  const texts = { folder: options.required("folder"), form: options.required("form") };
  const environment = {
    SERVICE__SCHEDULER__MAX_QUEUE_SIZE: "1024",
    SERVICE__LOG__SUCCESS_SAMPLE_RATIO: "0",
  };
  const { port } = await startGpuService({ texts }, environment, stack, progress);
  const client = stack.use(new LoadClient());
  const count = options.number("texts");
  const loop = async (job: Omit<ClosedLoopJob, "kind">, textsOfRequest: number): ReturnType<Contestant["measure"]> => {
    const report = await client.closedLoop(job);
    return { textsPerSecond: (countOf(report, 200) * textsOfRequest) / report.seconds, failed: failedOf(report) };
  };
  return settings.flatMap(({ textsPerRequest, connections }) => {
    const requests = Math.ceil((count * options.number("passes")) / textsPerRequest);
    const shared = {
      port,
      connections,
      limit: { requests },
      texts: Math.max(count, textsPerRequest),
      keepsBodies: false,
    };
    const name = `${textsPerRequest} ${textsPerRequest === 1 ? "text" : "texts"} a request`;
    return [
      {
        name: `service, ${name}`,
        part: "service" as const,
        textsPerRequest,
        measure: () => loop({ ...shared, textsPerRequest }, textsPerRequest),
      },
      {
        name: `HTTP alone, as for ${name}`,
        part: "http" as const,
        textsPerRequest,
        measure: () => loop({ ...shared, path: "/livez" }, textsPerRequest),
      },
    ];
  });
}

function failedOf(report: LoadReport): number {
  return report.statuses.length - countOf(report, 200);
}

interface Result {
  readonly name: string;
  readonly part: Part;
  readonly textsPerSecond: Spread;
  /** Median of the device's busy share; null where nobody knows. */
  readonly busyShare: number | null;
}

function resultOf({
  name,
  part,
  rates,
  busy,
}: {
  readonly name: string;
  readonly part: Part;
  readonly rates: readonly number[];
  readonly busy: readonly number[];
}): Result {
  return { name, part, textsPerSecond: spread(rates), busyShare: busy.length === 0 ? null : median(busy) };
}

/** A sentence for each setting of the service. */
function limitsOf(results: readonly Result[]): string[] {
  const best = (part: Part): number =>
    Math.max(...results.filter((each) => each.part === part).map(({ textsPerSecond }) => textsPerSecond.median));
  const https = results.filter(({ part }) => part === "http");
  const services = results.filter(({ part }) => part === "service");
  return services.map(({ name, textsPerSecond, busyShare }, index) => {
    const http = https[index]?.textsPerSecond.median ?? Number.NaN;
    const rates = { binding: best("binding"), tokenizer: best("tokenizer"), http };
    return `What limits ${name}: ${nameLimit(textsPerSecond.median, rates, busyShare)}.`;
  });
}

function rateTable(device: string, results: readonly Result[]): Table {
  return {
    title: `Short texts on ${device}`,
    columns: ["", "texts/s", "min", "max", "GPU busy"],
    rows: results.map(({ name, textsPerSecond: { median: middle, min, max }, busyShare }) => [
      name,
      ...[middle, min, max].map(figure),
      busyShare === null ? "–" : percent(busyShare),
    ]),
  };
}
