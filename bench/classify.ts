import { type AnswerCheck, checkAnswers } from "./answer-check.ts";
import type { Benchmark, Findings, Progress } from "./benchmark.ts";
import { interleave, type Results, ratios, ratioTable, throughputTable } from "./comparison.ts";
import { type Latency, latencyTable, measureLatency } from "./latency.ts";
import { LoadClient } from "./load/load-client.ts";
import type { Options } from "./options.ts";
import { startPeers } from "./peers/contestants.ts";
import { encodeTexts } from "./peers/encode-texts.ts";
import { connections, HttpContestant } from "./peers/http-contestant.ts";
import { readTexts } from "./project.ts";
import { measureReadiness, readinessTable } from "./readiness.ts";
import { Service } from "./service.ts";
import { median } from "./statistics.ts";

/** Share of the peak at which latency is measured. */
const latencyLoad = 0.5;

/** Throughput of `POST /v1/classify` against its peers, its latency at half load, and the time to ready. */
export const classify: Benchmark = {
  summary: "throughput against peers, latency at half load, time to ready",
  options: [
    { name: "rounds", byDefault: 5, help: "rounds in which all take turns" },
    { name: "passes", byDefault: 3, help: "times that a round of ours and of the bare peer goes through the texts" },
    { name: "texts", byDefault: 2000, help: "texts, from the first on; fewer only to try it out" },
    { name: "seconds", byDefault: 30, help: "length of the latency measurement" },
    { name: "fp32", byDefault: null, help: "fp32 ONNX file, or a folder with onnx/model.onnx, for transformers.js" },
    { name: "python", byDefault: null, help: "Python with bench/peers/flask/requirements.txt; else one is made" },
  ],

  async run(options, progress): Promise<Findings> {
    const { comparison, latency } = await measureService(options, progress);
    progress("starting the service several times");
    const readiness = await measureReadiness();
    const { results, check, notes } = comparison;
    const allRatios = ratios(results);
    return {
      tables: [
        throughputTable(results, check.worstDifference),
        ratioTable(allRatios),
        latencyTable("Latency of ours at half of its peak, Poisson arrivals", latency),
        readinessTable(readiness),
      ],
      notes,
      failures: check.failures,
      values: { throughput: throughputValues(comparison), ratios: allRatios, latency, readiness },
    };
  },
};

interface Comparison {
  readonly results: readonly Results[];
  readonly check: AnswerCheck;
  readonly notes: readonly string[];
}

async function measureService(
  options: Options,
  progress: Progress,
): Promise<{ readonly comparison: Comparison; readonly latency: Latency }> {
  using client = new LoadClient();
  progress("starting the service");
  await using service = await Service.start();
  const comparison = await compare(options, client, service, progress);
  const seconds = options.number("seconds");
  const requestsPerSecond = latencyLoad * peak(comparison.results);
  progress(`latency at ${requestsPerSecond.toFixed(0)} requests/s for ${seconds} s`);
  const latency = await measureLatency(client, service.port, { requestsPerSecond, seconds });
  return { comparison, latency };
}

async function compare(
  options: Options,
  client: LoadClient,
  service: Service,
  progress: Progress,
): Promise<Comparison> {
  const texts = options.number("texts");
  const passes = options.number("passes");
  const load = { texts, requests: texts * passes, checkedTexts: texts };
  const ours = new HttpContestant("ours", `ours, ${connections} connections`, client, service.port, load);
  const encodings = await encodeTexts(readTexts().slice(0, texts));
  await using stack = new AsyncDisposableStack();
  const settings = { encodings, passes, client, fp32: options.text("fp32"), python: options.text("python") };
  const { peers, notes } = await startPeers(settings, stack, progress);
  progress("comparing answers");
  const check = await checkAnswers(ours, peers, encodings);
  const results = await interleave([ours, ...peers], options.number("rounds"), progress);
  return { results, check, notes };
}

/** Our median throughput, in requests per second. */
function peak(results: readonly Results[]): number {
  const ours = results.find(({ contestant }) => contestant.peer === "ours")?.rounds ?? [];
  return median(ours.map(({ textsPerSecond }) => textsPerSecond));
}

function throughputValues({ results, check }: Comparison): Record<string, unknown>[] {
  return results.map(({ contestant, rounds }) => ({
    name: contestant.name,
    peer: contestant.peer,
    rounds,
    worstScoreDifference: check.worstDifference.get(contestant),
  }));
}
