import type { LoadClient } from "./load/load-client.ts";
import { type Percentiles, percentiles } from "./statistics.ts";
import { figure, percent, type Table } from "./table.ts";

export interface Latency extends Percentiles {
  readonly requestsPerSecond: number;
  readonly requests: number;
  readonly succeeded: number;
  /** How late the client sent, 99th percentile: part of the latencies, and not the service's. */
  readonly sendDelayP99Ms: number;
}

/** Seconds after the last arrival in which answers still count: the default deadline of a request. */
const graceSeconds = 30;

/** Latencies of one text a request under Poisson arrivals, from the moment at which each should have been sent. */
export async function measureLatency(
  client: LoadClient,
  port: number,
  load: { readonly requestsPerSecond: number; readonly seconds: number },
): Promise<Latency> {
  const report = await client.openLoop({ port, arrivals: "poisson", ...load, graceSeconds });
  return {
    ...percentiles(report.latenciesMs.filter((_, request) => report.statuses[request] === 200)),
    requestsPerSecond: load.requestsPerSecond,
    requests: report.statuses.length,
    succeeded: report.statuses.filter((status) => status === 200).length,
    sendDelayP99Ms: report.sendDelayP99Ms,
  };
}

export function latencyTable(title: string, latency: Latency): Table {
  return {
    title,
    columns: ["requests/s", "p50 ms", "p95 ms", "p99 ms", "max ms", "answered 200", "client's delay p99 ms"],
    rows: [
      [
        figure(latency.requestsPerSecond),
        figure(latency.p50),
        figure(latency.p95),
        figure(latency.p99),
        figure(latency.max),
        percent(latency.succeeded / latency.requests),
        figure(latency.sendDelayP99Ms),
      ],
    ],
  };
}
