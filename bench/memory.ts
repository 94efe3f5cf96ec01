import type { Benchmark, Findings } from "./benchmark.ts";
import { LoadClient } from "./load/load-client.ts";
import { countOf } from "./outcomes.ts";
import { connections } from "./peers/http-contestant.ts";
import { residentMib } from "./process-facts.ts";
import { readTexts } from "./project.ts";
import { Service } from "./service.ts";
import { slope } from "./statistics.ts";
import { figure, type Table } from "./table.ts";

/** Memory is read this often, between two stretches of load. */
const samples = 25;
/** Heaps and arenas grow to their working size at first: not part of the slope. */
const warmUpShare = 0.2;

/** Resident memory of every process over many good requests. */
export const memory: Benchmark = {
  summary: "resident memory over many good requests",
  options: [{ name: "requests", byDefault: 100_000, help: "requests in all" }],

  async run(options, progress): Promise<Findings> {
    const requests = options.number("requests");
    using client = new LoadClient();
    await using service = await Service.start();
    let processes: readonly Series[] = [];
    const texts = readTexts().length;
    const limit = { requests: Math.ceil(requests / samples) };
    let failed = 0;
    for (let sample = 1; sample <= samples; sample++) {
      const report = await client.closedLoop({ port: service.port, connections, limit, texts, keepsBodies: false });
      failed += report.statuses.length - countOf(report, 200);
      // Only now: the spare gets ready after the service does.
      processes = sample === 1 ? startSeries(service) : processes;
      for (const { pid, points } of processes) {
        points.push({ x: sample * limit.requests, y: residentMib(pid) });
      }
      progress(`${sample * limit.requests} requests  API ${figure(processes[0]?.points.at(-1)?.y ?? Number.NaN)} MiB`);
    }
    const series = processes.map((each) => ({ ...each, ...growth(each.points) }));
    const failures = failed === 0 ? [] : [`${failed} requests were not answered with 200`];
    return { tables: [memoryTable(series)], notes: [], failures, values: { series } };
  },
};

interface Point {
  /** Requests so far. */
  readonly x: number;
  /** MiB. */
  readonly y: number;
}

interface Series {
  readonly name: string;
  readonly pid: number;
  readonly points: Point[];
}

interface Growth {
  readonly warmMib: number;
  readonly lastMib: number;
  readonly maxMib: number;
  /** Of the least-squares line after the warm-up. */
  readonly mibPer10000Requests: number;
}

function startSeries(service: Service): Series[] {
  const children = service.inferencePids().map((pid) => ({ name: `inference process ${pid}`, pid, points: [] }));
  return [{ name: "API process", pid: service.pid, points: [] }, ...children];
}

function growth(points: readonly Point[]): Growth {
  const warm = points.slice(Math.floor(points.length * warmUpShare));
  return {
    warmMib: warm[0]?.y ?? Number.NaN,
    lastMib: warm.at(-1)?.y ?? Number.NaN,
    maxMib: Math.max(...points.map(({ y }) => y)),
    mibPer10000Requests: slope(warm) * 10_000,
  };
}

function memoryTable(series: readonly (Series & Growth)[]): Table {
  return {
    title: "Resident memory in MiB",
    columns: ["", "after warm-up", "last", "max", "per 10,000 requests"],
    rows: series.map(({ name, warmMib, lastMib, maxMib, mibPer10000Requests }) => [
      name,
      figure(warmMib),
      figure(lastMib),
      figure(maxMib),
      figure(mibPer10000Requests),
    ]),
  };
}
