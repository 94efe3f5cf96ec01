import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type LabelBounds, type MetricDefinition, metricTable } from "../../../src/telemetry/metric-table.ts";
import { metricsPage } from "../../../tools/metrics-docs/page.ts";

const metrics: readonly MetricDefinition[] = Object.values(metricTable);

test("docs/metrics.md is what `npm run metrics-docs` makes of the table", () => {
  const page = readFileSync(new URL("../../../docs/metrics.md", import.meta.url), "utf8");
  expect(page).toBe(metricsPage(metricTable));
});

test("every name is there once, in the characters that Prometheus takes", () => {
  const names = metrics.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.filter((name) => !/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(name))).toEqual([]);
});

test("counters and only counters end with _total, and what has a base unit names it", () => {
  const wrong = metrics.filter(({ name, type, unit }) => {
    const stem = type === "counter" ? name.replace(/_total$/, "") : name;
    const namesUnit = unit === "seconds" || unit === "bytes" ? stem.endsWith(`_${unit}`) : true;
    return name.endsWith("_total") !== (type === "counter") || !namesUnit;
  });
  expect(wrong.map(({ name }) => name)).toEqual([]);
});

test("histograms and only histograms have buckets, which rise", () => {
  const wrong = metrics.filter(
    ({ type, buckets }) => (buckets !== undefined) !== (type === "histogram") || !rise(buckets ?? []),
  );
  expect(wrong.map(({ name }) => name)).toEqual([]);
});

test("every label says what bounds it, and none is about a client or a request", () => {
  const labels = metrics.flatMap((metric) => Object.entries<LabelBounds>(metric.labels));
  const unbounded = labels.filter(([, bounds]) => ("boundedBy" in bounds ? bounds.boundedBy : bounds).length === 0);
  expect(unbounded).toEqual([]);
  expect(labels.filter(([label]) => /client|address|request|trace|pid|path|key/.test(label))).toEqual([]);
});

function rise(buckets: readonly number[]): boolean {
  return buckets.every((bound, index) => index === 0 || bound > (buckets[index - 1] ?? Number.POSITIVE_INFINITY));
}
