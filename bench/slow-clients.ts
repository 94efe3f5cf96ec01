import { setTimeout } from "node:timers/promises";
import type { Benchmark, Findings, Progress } from "./benchmark.ts";
import { LoadClient } from "./load/load-client.ts";
import type { LoadReport } from "./load/load-job.ts";
import { allowedCpus } from "./machine.ts";
import type { Options } from "./options.ts";
import { countOf } from "./outcomes.ts";
import { residentMib } from "./process-facts.ts";
import { Service } from "./service.ts";
import { hasSlowHttpTest, SlowHttpTest, type SlowKind, slowKinds } from "./slow-clients/slow-http-test.ts";
import { median, type Percentiles, percentiles } from "./statistics.ts";
import { figure, type Table } from "./table.ts";

/** Longer than the default deadline of a request. */
const graceSeconds = 35;
const warmUpSeconds = 5;
/** After an attack, until the log has the ends of its requests, in milliseconds. */
const settleMs = 3_000;
/** The normal client's own address: the slow ones share another one, as one attacker's do. */
const normalAddress = "127.0.0.2";

/** 1,000 connections that are slow on purpose, while a normal client goes on. */
export const slowClients: Benchmark = {
  summary: "1,000 slow connections of each kind: latency of a normal client, what drops them",
  options: [
    { name: "connections", byDefault: 1000, help: "slow connections of each kind" },
    { name: "rate", byDefault: 30, help: "requests of the normal client per second" },
    { name: "seconds", byDefault: 20, help: "length of one measurement" },
    { name: "patience", byDefault: 200, help: "how long the slow are waited for to be dropped, in seconds" },
    { name: "rounds", byDefault: 3, help: "measurements of each kind, each beside one without slow connections" },
  ],

  async run(options, progress): Promise<Findings> {
    if (!hasSlowHttpTest()) {
      return {
        tables: [],
        notes: ["Skipped: slowhttptest is not installed (Debian package)."],
        failures: [],
        values: {},
      };
    }
    const cpus = shareCpus();
    using client = new LoadClient(cpus.client);
    await using service = await Service.start({ cpus: cpus.server });
    await send(client, service, options, warmUpSeconds);
    const kinds: KindFindings[] = [];
    for (const kind of slowKinds) {
      kinds.push(await measureKind(kind, { client, service, options, cpus: cpus.client, progress }));
    }
    return {
      tables: [latencyTable(kinds), dropTable(kinds)],
      notes: [
        `Client and slowhttptest on CPU ${cpus.client}, service on CPU ${cpus.server}.`,
        ...slowKinds.map(({ name, description }) => `${name}: ${description}.`),
      ],
      failures: kinds.flatMap(({ kind, notServed }) =>
        notServed > 0 ? [`${kind.name}: ${notServed} requests of the normal client were not answered with 200`] : [],
      ),
      values: { cpus, kinds },
    };
  },
};

interface KindFindings {
  readonly kind: SlowKind;
  /** From their start until the service had dropped all slow connections; null when that took too long. */
  readonly droppedAfterSeconds: number | null;
  /** How many of them ended with which code. What was dropped without one had been answered before. */
  readonly endedBy: Readonly<Record<string, number>>;
  readonly normal: Percentiles;
  readonly attacked: Percentiles;
  /** p99 under attack ÷ p99 without, round by round. */
  readonly p99Ratios: readonly number[];
  /** How late the normal client sent under attack, 99th percentile of the worst round: that much of the latency is its own. */
  readonly sendDelayP99Ms: number;
  /** Requests of the normal client under attack that got no 200. */
  readonly notServed: number;
  /** Open at a time, at most. */
  readonly mostOpen: number;
  /** Of the API process under attack. */
  readonly residentMib: number;
}

interface Surroundings {
  readonly client: LoadClient;
  readonly service: Service;
  readonly options: Options;
  readonly cpus: string;
  readonly progress: Progress;
}

/** The slow share the client's CPU: what they cost the service is what counts. */
function shareCpus() {
  const [first = 0, ...others] = allowedCpus();
  return { client: String(first), server: (others.length > 0 ? others : [first]).join(",") };
}

async function measureKind(kind: SlowKind, surroundings: Surroundings): Promise<KindFindings> {
  const { client, service, options, cpus, progress } = surroundings;
  const seconds = options.number("seconds");
  const attack = { kind, port: service.port, connections: options.number("connections"), cpus };
  progress(`slow ${kind.name}: until all are dropped`);
  await setTimeout(settleMs);
  const codesBefore = service.finishedByCode();
  const droppedAfterSeconds = await SlowHttpTest.timeUntilDropped(attack, options.number("patience"));
  const endedBy = difference(service.finishedByCode(), codesBefore);
  const normal: LoadReport[] = [];
  const attacked: LoadReport[] = [];
  let [mostOpen, memory] = [0, 0];
  for (let round = 1; round <= options.number("rounds"); round++) {
    progress(`slow ${kind.name}: round ${round}`);
    normal.push(await send(client, service, options, seconds));
    await using running = new SlowHttpTest(attack);
    mostOpen = Math.max(mostOpen, await running.opened());
    attacked.push(await send(client, service, options, seconds));
    memory = Math.max(memory, residentMib(service.pid));
  }
  return {
    kind,
    droppedAfterSeconds,
    endedBy,
    normal: percentiles(normal.flatMap(({ latenciesMs }) => [...latenciesMs])),
    attacked: percentiles(attacked.flatMap(({ latenciesMs }) => [...latenciesMs])),
    p99Ratios: attacked.map((each, round) => p99(each) / p99(normal[round])),
    sendDelayP99Ms: Math.max(...attacked.map(({ sendDelayP99Ms }) => sendDelayP99Ms)),
    notServed: attacked.reduce((total, each) => total + each.statuses.length - countOf(each, 200), 0),
    mostOpen,
    residentMib: memory,
  };
}

function send(client: LoadClient, service: Service, options: Options, seconds: number): Promise<LoadReport> {
  return client.openLoop({
    port: service.port,
    localAddress: normalAddress,
    arrivals: "poisson",
    requestsPerSecond: options.number("rate"),
    seconds,
    graceSeconds,
  });
}

function p99(report: LoadReport | undefined): number {
  return percentiles(report?.latenciesMs ?? []).p99;
}

function difference(after: ReadonlyMap<string, number>, before: ReadonlyMap<string, number>): Record<string, number> {
  const entries = [...after].map(([code, count]) => [code, count - (before.get(code) ?? 0)] as const);
  return Object.fromEntries(entries.filter(([, count]) => count > 0));
}

function latencyTable(kinds: readonly KindFindings[]): Table {
  return {
    title: "A normal client's latency, ms",
    columns: [
      "slow",
      "p50 alone",
      "p99 alone",
      "p50 beside",
      "p99 beside",
      "p99 ratio, median",
      "lowest to highest",
      "client's delay p99",
    ],
    rows: kinds.map(({ kind, normal, attacked, p99Ratios, sendDelayP99Ms }) => [
      kind.name,
      figure(normal.p50),
      figure(normal.p99),
      figure(attacked.p50),
      figure(attacked.p99),
      figure(median(p99Ratios)),
      `${figure(Math.min(...p99Ratios))} to ${figure(Math.max(...p99Ratios))}`,
      figure(sendDelayP99Ms),
    ]),
  };
}

function dropTable(kinds: readonly KindFindings[]): Table {
  return {
    title: "The slow connections",
    columns: ["slow", "open at most", "API process MiB", "all dropped after s", "ended by"],
    rows: kinds.map(({ kind, mostOpen, residentMib: memory, droppedAfterSeconds, endedBy }) => [
      kind.name,
      String(mostOpen),
      figure(memory),
      droppedAfterSeconds === null ? "not yet" : figure(droppedAfterSeconds),
      Object.entries(endedBy)
        .map(([code, count]) => `${code} × ${count}`)
        .join(", ") || "–",
    ]),
  };
}
