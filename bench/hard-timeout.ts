import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { stringify } from "yaml";
import { hanging } from "../test/fixtures/plugins/triggers.ts";
import type { Benchmark, Findings, Progress } from "./benchmark.ts";
import { classifyRequest } from "./load/classify-request.ts";
import { HttpConnection } from "./load/http-connection.ts";
import { LoadClient } from "./load/load-client.ts";
import { connectionFailed, type LoadReport } from "./load/load-job.ts";
import { countOf, outcomes, outcomeTable } from "./outcomes.ts";
import { connections } from "./peers/http-contestant.ts";
import { isAlive } from "./process-facts.ts";
import { modelFolder, projectRoot, readTexts } from "./project.ts";
import { Service } from "./service.ts";
import { percentiles } from "./statistics.ts";
import { figure, type Table } from "./table.ts";

/** Hangs in native code for 30 s on the text of `hanging`, and scores all others truly. */
const pluginFile = join(projectRoot, "test/fixtures/plugins/hangs-on-token.ts");
const timeoutMs = 200;
/** The default of `processes.runLimitFloorMs`; with factor 1 it is the limit of every run here, so known outside. */
const runLimitMs = 2000;
/** Share of the peak that others ask for meanwhile. */
const othersLoad = 0.3;
const pollMs = 2;
const graceSeconds = 35;
/** A child that has not been killed by then never will be. */
const killTimeoutMs = 10_000;
/** For the replacement to get ready before the next child hangs. */
const pauseMs = 1000;

/** Requests whose child hangs in native code: when their 504 leaves, and what becomes of the child and of the others. */
export const hardTimeout: Benchmark = {
  summary: "children stuck in native code: when the 504 leaves, when the CPU is free, how others fare",
  options: [{ name: "hangs", byDefault: 40, help: "requests that hang, one after another" }],

  async run(options, progress): Promise<Findings> {
    const folder = mkdtempSync(join(tmpdir(), "bench-"));
    try {
      return await measure(writeModelsFile(folder), options.number("hangs"), progress);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

interface Hang {
  readonly status: number;
  /** From sending the request to its complete answer. */
  readonly answerMs: number;
}

async function measure(modelsFile: string, count: number, progress: Progress): Promise<Findings> {
  using client = new LoadClient();
  await using service = await Service.start({
    environment: {
      MODELS_FILE: modelsFile,
      SERVICE__PROCESSES__RUN_LIMIT_FLOOR_MS: String(runLimitMs),
      SERVICE__PROCESSES__RUN_LIMIT_FACTOR: "1",
    },
  });
  const requestsPerSecond = othersLoad * (await measurePeak(client, service));
  progress(`others ask for ${figure(requestsPerSecond)} texts/s; ${count} requests hang meanwhile`);
  // Reading the histogram empties it: the next reading covers what happens from here on.
  await service.metric("nodejs_eventloop_lag_p99_seconds");
  const seconds = (count * (runLimitMs + pauseMs)) / 1000;
  const others = client.openLoop({ port: service.port, arrivals: "poisson", requestsPerSecond, seconds, graceSeconds });
  const hangs: Hang[] = [];
  for (let hang = 0; hang < count; hang++) {
    hangs.push(await causeHang(service));
    await setTimeout(pauseMs);
  }
  const lagMs = (await service.metric("nodejs_eventloop_lag_p99_seconds")) * 1000;
  return report(hangs, await others, killTimes(service), lagMs);
}

function report(
  hangs: readonly Hang[],
  others: LoadReport,
  kills: readonly number[],
  eventLoopLagP99Ms: number,
): Findings {
  const wrongStatuses = hangs.filter(({ status }) => status !== 504).length;
  const values = {
    answersMs: percentiles(hangs.map(({ answerMs }) => answerMs)),
    goneMs: percentiles(kills),
    hangs,
    kills: kills.length,
    eventLoopLagP99Ms,
    others: outcomes(others),
    othersAnswered: countOf(others, 200) / others.statuses.length,
  };
  const table: Table = {
    title: `Hung requests, timeoutMs ${timeoutMs}, run limit ${runLimitMs} ms`,
    columns: ["", "p50", "p95", "p99", "max"],
    rows: [
      ["504 after, ms", ...cells(values.answersMs)],
      ["SIGKILL until the child is gone, ms", ...cells(values.goneMs)],
      ["event-loop lag of the API process, ms", "", "", figure(eventLoopLagP99Ms), ""],
    ],
  };
  return {
    tables: [table, outcomeTable("The others' requests meanwhile", values.others)],
    notes: [
      `${hangs.length} requests hung and the log tells of ${kills.length} children killed without progress.`,
      "The lag holds the sampling interval of 10 ms: an idle event loop shows 10 to 11 ms.",
    ],
    failures: wrongStatuses === 0 ? [] : [`${wrongStatuses} of the hung requests were not answered with 504`],
    values,
  };
}

function cells({ p50, p95, p99, max }: ReturnType<typeof percentiles>): string[] {
  return [p50, p95, p99, max].map(figure);
}

/** Our model, run by the fixture plugin. */
function writeModelsFile(folder: string): string {
  const file = join(folder, "models.yaml");
  writeFileSync(file, stringify({ models: [{ folder: modelFolder, plugins: [pluginFile] }] }), { mode: 0o600 });
  return file;
}

async function measurePeak(client: LoadClient, service: Service): Promise<number> {
  const texts = readTexts().length;
  const limit = { seconds: 5 };
  const { seconds, statuses } = await client.closedLoop({
    port: service.port,
    connections,
    limit,
    texts,
    keepsBodies: false,
  });
  return statuses.length / seconds;
}

/** Sends one request that hangs its child, and waits until that child is gone. */
async function causeHang(service: Service): Promise<Hang> {
  const pids = service.inferencePids();
  const connection = new HttpConnection(service.port);
  const sentAt = performance.now();
  const answer = connection
    .send(classifyRequest(service.port, [hanging.text], { timeoutMs }))
    .catch(() => ({ status: connectionFailed }))
    .then(({ status }) => ({ status, answerMs: performance.now() - sentAt }));
  while (pids.every(isAlive) && performance.now() - sentAt < killTimeoutMs) {
    await setTimeout(pollMs);
  }
  const answered = await answer;
  connection.close();
  return answered;
}

/** Milliseconds from SIGKILL to the exit of each child that was killed for want of progress. */
function killTimes(service: Service): number[] {
  return service.processEvents().flatMap((event) => (event.reason === "no_progress" ? [event.kill_ms ?? 0] : []));
}
