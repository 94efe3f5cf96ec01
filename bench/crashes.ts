import { setTimeout } from "node:timers/promises";
import type { Benchmark, Findings } from "./benchmark.ts";
import { LoadClient } from "./load/load-client.ts";
import { countOf, outcomes, outcomeTable } from "./outcomes.ts";
import { connections } from "./peers/http-contestant.ts";
import { cpuSeconds } from "./process-facts.ts";
import { readTexts } from "./project.ts";
import { Service } from "./service.ts";
import { type Percentiles, percentiles } from "./statistics.ts";
import { figure, percent, type Table } from "./table.ts";

const killIntervalMs = 1000;

/** SIGKILL to the busiest inference process every second, under full load. */
export const crashes: Benchmark = {
  summary: "an inference process killed every second under load: share answered",
  options: [{ name: "seconds", byDefault: 60, help: "length of the load" }],

  async run(options, progress): Promise<Findings> {
    const seconds = options.number("seconds");
    using client = new LoadClient();
    await using service = await Service.start();
    progress(`killing an inference process every second for ${seconds} s`);
    const ended = new AbortController();
    const kills = killEverySecond(service, ended.signal);
    const texts = readTexts().length;
    const limit = { seconds };
    const report = await client.closedLoop({ port: service.port, connections, limit, texts, keepsBodies: false });
    ended.abort();
    const killed = await kills;
    const values = {
      outcomes: outcomes(report),
      shareAnswered: countOf(report, 200) / report.statuses.length,
      kills: killed.length,
      restartsCounted: await service.metric("inference_process_restarts_total"),
      respawnMs: percentiles(respawnTimes(service, killed)),
      textsPerSecond: countOf(report, 200) / report.seconds,
    };
    return {
      tables: [outcomeTable("Outcomes", values.outcomes), summaryTable(values)],
      notes: [],
      failures: [],
      values,
    };
  },
};

/** Resolves with the pids of the killed. */
async function killEverySecond(service: Service, signal: AbortSignal): Promise<number[]> {
  const killed: number[] = [];
  let usedBefore = new Map<number, number>();
  while (await isStillOn(signal)) {
    const used = new Map(servingPids(service).map((pid) => [pid, cpuSeconds(pid)]));
    // A spare uses no time: the busiest process is one that is in the middle of a batch.
    const spent = (pid: number): number => (used.get(pid) ?? 0) - (usedBefore.get(pid) ?? 0);
    const busiest = [...used.keys()].toSorted((a, b) => spent(b) - spent(a))[0];
    usedBefore = used;
    if (busiest !== undefined) {
      process.kill(busiest, "SIGKILL");
      killed.push(busiest);
    }
  }
  return killed;
}

/** Those that got ready; all of them when none has, so that something is killed in any case. */
function servingPids(service: Service): number[] {
  const ready = new Set(service.processEvents().flatMap(({ event, pid }) => (event === "process_ready" ? [pid] : [])));
  const pids = service.inferencePids();
  const serving = pids.filter((pid) => ready.has(pid));
  return serving.length > 0 ? serving : pids;
}

/** Waits for the next kill; false when there is none. */
async function isStillOn(signal: AbortSignal): Promise<boolean> {
  try {
    await setTimeout(killIntervalMs, undefined, { signal });
    return true;
  } catch {
    // The load has ended.
    return false;
  }
}

/** From the start of each process that was started after a kill until it was ready, in milliseconds, from the log. */
function respawnTimes(service: Service, killed: readonly number[]): number[] {
  const events = service.processEvents();
  const firstExit = events.findIndex(({ event, pid }) => event === "process_exited" && pid === killed[0]);
  return events.slice(firstExit).flatMap(({ start_ms: startMs }) => (startMs === undefined ? [] : [startMs]));
}

function summaryTable(values: {
  readonly shareAnswered: number;
  readonly kills: number;
  readonly restartsCounted: number;
  readonly respawnMs: Percentiles;
  readonly textsPerSecond: number;
}): Table {
  return {
    title: "Crashes",
    columns: ["", ""],
    rows: [
      ["answered 200", percent(values.shareAnswered)],
      ["kills", String(values.kills)],
      ["restarts counted by the service", String(values.restartsCounted)],
      ["start to ready, median ms", figure(values.respawnMs.p50)],
      ["start to ready, max ms", figure(values.respawnMs.max)],
      ["texts/s meanwhile", figure(values.textsPerSecond)],
    ],
  };
}
