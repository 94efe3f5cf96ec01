import type { Benchmark, Findings, Progress } from "./benchmark.ts";
import { LoadClient } from "./load/load-client.ts";
import { hung, type LoadReport } from "./load/load-job.ts";
import { allowedCpus } from "./machine.ts";
import type { Options } from "./options.ts";
import { countOf, outcomes, outcomeTable } from "./outcomes.ts";
import { connections } from "./peers/http-contestant.ts";
import { readTexts } from "./project.ts";
import { Service } from "./service.ts";
import { figure, percent, type Table } from "./table.ts";

/** Longer than the default deadline of a request: what is not answered by then never will be. */
const graceSeconds = 35;
const warmUpSeconds = 3;

/** Many times the capacity is offered: what is accepted must still be served, and the rest refused at once. */
export const overload: Benchmark = {
  summary: "many times the capacity offered: goodput, refusals, survival",
  options: [
    { name: "seconds", byDefault: 60, help: "length of the overload" },
    { name: "peak-seconds", byDefault: 15, help: "length of each of the two measurements of the peak" },
    { name: "factor", byDefault: 10, help: "offered load as a multiple of the peak" },
    { name: "client-cpus", byDefault: null, help: "CPUs of the client as taskset takes them; else the first one" },
    { name: "server-cpus", byDefault: null, help: "CPUs of the service; else all the others" },
  ],

  async run(options, progress): Promise<Findings> {
    const cpus = shareCpus(options);
    using client = new LoadClient(cpus.client);
    await using service = await Service.start({ cpus: cpus.server });
    const peakSeconds = options.number("peak-seconds");
    await measureGoodput(client, service, warmUpSeconds);
    const peakBefore = await measureGoodput(client, service, peakSeconds);
    progress(`peak ${figure(peakBefore)} texts/s`);
    const report = await offer(client, service, peakBefore * options.number("factor"), options, progress);
    const survived = service.isAlive;
    const peakAfter = survived ? await measureGoodput(client, service, peakSeconds) : 0;
    const values = {
      cpus,
      peakBefore,
      peakAfter,
      survived,
      ...summarize(report, options.number("seconds"), peakBefore),
    };
    return {
      tables: [outcomeTable("Outcomes, latency from the intended arrival", values.outcomes), summaryTable(values)],
      notes: [
        `Client on CPU ${cpus.client}, service on CPU ${cpus.server}, in every phase.`,
        ...(cpus.client === cpus.server ? ["They share their CPU: only one is there, and the figures suffer."] : []),
      ],
      failures: [],
      values,
    };
  },
};

interface CpuShares {
  readonly client: string;
  readonly server: string;
}

/** The client must not take from the server what it would then be said to lack. */
function shareCpus(options: Options): CpuShares {
  const [first = 0, ...others] = allowedCpus();
  return {
    client: options.text("client-cpus") ?? String(first),
    server: options.text("server-cpus") ?? (others.length > 0 ? others : [first]).join(","),
  };
}

/** Answers 200 per second under a closed loop. */
async function measureGoodput(client: LoadClient, service: Service, seconds: number): Promise<number> {
  const texts = readTexts().length;
  const limit = { seconds };
  const report = await client.closedLoop({ port: service.port, connections, limit, texts, keepsBodies: false });
  return countOf(report, 200) / report.seconds;
}

function offer(
  client: LoadClient,
  service: Service,
  requestsPerSecond: number,
  options: Options,
  progress: Progress,
): Promise<LoadReport> {
  const seconds = options.number("seconds");
  progress(`offering ${figure(requestsPerSecond)} requests/s for ${seconds} s`);
  return client.openLoop({ port: service.port, arrivals: "poisson", requestsPerSecond, seconds, graceSeconds });
}

function summarize(report: LoadReport, seconds: number, peak: number) {
  const { statuses, startsMs, latenciesMs, retryAfterSeconds } = report;
  const endsMs = startsMs.map((startMs, request) => startMs + (latenciesMs[request] ?? 0));
  // What is answered after the end of the overload is not goodput of the overload.
  const served = statuses.filter((status, request) => status === 200 && (endsMs[request] ?? 0) <= seconds * 1000);
  const refusals = retryAfterSeconds.filter((_, request) => statuses[request] === 503);
  const withRetryAfter = refusals.filter((value) => !Number.isNaN(value));
  return {
    outcomes: outcomes(report),
    offeredPerSecond: statuses.length / seconds,
    goodputPerSecond: served.length / seconds,
    goodputShareOfPeak: served.length / seconds / peak,
    hung: countOf(report, hung),
    refusals: refusals.length,
    refusalsWithRetryAfter: withRetryAfter.length,
    retryAfterSeconds: [...new Set(withRetryAfter)].toSorted((a, b) => a - b),
    sendDelayP99Ms: report.sendDelayP99Ms,
    clientCpuShare: report.clientCpuSeconds / report.seconds,
  };
}

function summaryTable(
  values: ReturnType<typeof summarize> & { peakBefore: number; peakAfter: number; survived: boolean },
): Table {
  const { retryAfterSeconds } = values;
  return {
    title: "Overload",
    columns: ["", ""],
    rows: [
      ["peak before, texts/s", figure(values.peakBefore)],
      ["offered, requests/s", figure(values.offeredPerSecond)],
      ["goodput, texts/s", figure(values.goodputPerSecond)],
      ["goodput ÷ peak before", figure(values.goodputShareOfPeak)],
      ["peak after ÷ peak before", figure(values.peakAfter / values.peakBefore)],
      ["refusals with Retry-After", `${values.refusalsWithRetryAfter} of ${values.refusals}`],
      ["Retry-After seconds", `${retryAfterSeconds[0] ?? "–"} to ${retryAfterSeconds.at(-1) ?? "–"}`],
      ["hung requests", String(values.hung)],
      ["the service survived", values.survived ? "yes" : "NO"],
      ["client's sending delay p99, ms", figure(values.sendDelayP99Ms)],
      ["client's share of its CPU", percent(values.clientCpuShare)],
    ],
  };
}
