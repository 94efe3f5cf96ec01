import { connectionFailed, hung, type LoadReport } from "./load/load-job.ts";
import { percentiles } from "./statistics.ts";
import { figure, percent, type Table } from "./table.ts";

/** How many requests ended in one way, and how long that took. */
export interface Outcome {
  readonly status: string;
  readonly count: number;
  readonly share: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** By status, the most frequent first. */
export function outcomes({ statuses, latenciesMs }: LoadReport): Outcome[] {
  return [...new Set(statuses)]
    .map((status) => {
      const latencies = latenciesMs.filter((_, request) => statuses[request] === status);
      const { p50, p99, max } = percentiles(latencies);
      const share = latencies.length / statuses.length;
      return { status: statusName(status), count: latencies.length, share, p50, p99, max };
    })
    .toSorted((a, b) => b.count - a.count);
}

export function outcomeTable(title: string, all: readonly Outcome[]): Table {
  return {
    title,
    columns: ["status", "requests", "share", "p50 ms", "p99 ms", "max ms"],
    rows: all.map(({ status, count, share, p50, p99, max }) => [
      status,
      String(count),
      percent(share),
      figure(p50),
      figure(p99),
      figure(max),
    ]),
  };
}

export function countOf({ statuses }: LoadReport, status: number): number {
  return statuses.filter((each) => each === status).length;
}

function statusName(status: number): string {
  switch (status) {
    case connectionFailed:
      return "connection failed";
    case hung:
      return "hung";
    default:
      return String(status);
  }
}
