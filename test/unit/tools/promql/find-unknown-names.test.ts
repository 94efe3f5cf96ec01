import { expect, test } from "vitest";
import type { MetricDefinition } from "../../../../src/telemetry/metric-table.ts";
import { findUnknownNames } from "../../../../tools/promql/find-unknown-names.ts";
import { withRecordedSeries } from "../../../../tools/promql/recorded-series.ts";
import { scrapedSeries } from "../../../../tools/promql/series-labels.ts";

const table = {
  jobs: { name: "jobs_total", type: "counter", unit: "jobs", help: "Jobs.", labels: { kind: ["big", "small"] } },
  waits: {
    name: "waits_seconds",
    type: "histogram",
    unit: "seconds",
    help: "Waits.",
    labels: { place: { boundedBy: "places" } },
    buckets: [0.5, 1],
  },
} as const satisfies Record<string, MetricDefinition>;
const known = withRecordedSeries(
  scrapedSeries(table),
  new Map([["job:jobs:rate5m", "sum by (job) (rate(jobs_total[5m]))"]]),
);

test.each([
  `sum by (job, kind) (rate(jobs_total{kind="big", job=~"a.*"}[5m])) / on (job) group_left job:jobs:rate5m`,
  `histogram_quantile(0.9, sum by (le) (rate(waits_seconds_bucket{place="anywhere"}[5m])))`,
  `rate(waits_seconds_bucket{le="0.5"}[5m]) / rate(waits_seconds_count{place!=""}[5m])`,
  `rate(jobs_total{kind=~"big|small"}[5m]) and on (instance) up == 1`,
])("what exists is known: %s", (expression) => {
  expect(findUnknownNames(expression, known)).toEqual([]);
});

test.each([
  [`rate(job_total[5m])`, "no metric job_total"],
  [`rate(waits_seconds[5m])`, "no metric waits_seconds"],
  [`job:jobs:rate1h`, "no metric job:jobs:rate1h"],
  [`jobs_total{size="big"}`, "no label size on jobs_total"],
  [`jobs_total{kind="huge"}`, 'no kind="huge" on jobs_total'],
  [`jobs_total{kind!~"big|huge"}`, 'no kind="huge" on jobs_total'],
  [`waits_seconds_bucket{le="0.6"}`, 'no le="0.6" on waits_seconds_bucket'],
  [`sum by (place) (jobs_total)`, "no label place on jobs_total"],
  [`job:jobs:rate5m{kind="big"}`, "no label kind on job:jobs:rate5m"],
])("what nothing makes is told: %s", (expression, problem) => {
  expect(findUnknownNames(expression, known)).toEqual([problem]);
});
