import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { metricTable } from "../../../src/telemetry/metric-table.ts";
import { allRules, deployFolder, readRuleFiles } from "../../../tools/check-alerts/rule-files.ts";
import { findUnknownNames } from "../../../tools/promql/find-unknown-names.ts";
import { withRecordedSeries } from "../../../tools/promql/recorded-series.ts";
import { scrapedSeries } from "../../../tools/promql/series-labels.ts";

const datasource = z.object({ type: z.literal("prometheus"), uid: z.literal(`\${datasource}`) });
const gridPos = z.object({ h: z.int(), w: z.int(), x: z.int(), y: z.int() });
const row = z.object({ type: z.literal("row"), id: z.int(), title: z.string(), gridPos });
const panel = z.object({
  type: z.enum(["timeseries", "stat", "heatmap"]),
  id: z.int(),
  title: z.string(),
  datasource,
  gridPos,
  targets: z.array(z.object({ refId: z.string(), datasource, expr: z.string(), legendFormat: z.string() })).min(1),
});
const dashboardSchema = z.object({
  uid: z.literal("guardrail-api"),
  schemaVersion: z.literal(39),
  templating: z.object({ list: z.array(z.object({ name: z.string(), definition: z.string().optional() })) }),
  annotations: z.object({ list: z.array(z.object({ expr: z.string() })) }),
  panels: z.array(z.union([row, panel])),
});

const dashboard = dashboardSchema.parse(JSON.parse(readFileSync(join(deployFolder, "grafana/dashboard.json"), "utf8")));
const charts = dashboard.panels.filter((each) => each.type !== "row");
const queries = charts.flatMap(({ title, targets }) => targets.map((target) => ({ title, ...target })));
const recorded = new Map(
  allRules(readRuleFiles()).flatMap(({ record, expr }) => (record === undefined ? [] : [[record, expr]])),
);
const known = withRecordedSeries(scrapedSeries(metricTable), recorded);

test("every query of the dashboard speaks of metrics, labels and values that the service has, and of nothing else", () => {
  const problems = queries.flatMap(({ title, expr }) =>
    findUnknownNames(withoutVariables(expr), known).map((problem) => `${title}: ${problem}`),
  );
  expect(problems).toEqual([]);
});

test("legends speak of labels that their query keeps", () => {
  const wrong = queries.flatMap(({ title, expr, legendFormat }) =>
    [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)]
      .map(([, label]) => label)
      .filter((label) => !keptLabels(expr).has(label ?? ""))
      .map((label) => `${title}: ${label}`),
  );
  expect(wrong).toEqual([]);
});

test("every variable that a query uses is one that the reader can choose, and is made from what the service has", () => {
  const names = dashboard.templating.list.map(({ name }) => name);
  const used = queries.flatMap(({ expr }) => [...expr.matchAll(/\$(\w+)/g)].map(([, name]) => name ?? ""));
  expect(used.filter((name) => name !== "__rate_interval" && !names.includes(name))).toEqual([]);
  for (const { name, definition } of dashboard.templating.list.slice(1)) {
    const [, selector = "", label = ""] = /^label_values\((.*), (\w+)\)$/.exec(definition ?? "") ?? [];
    expect({ name, problems: findUnknownNames(`sum by (${label}) (${selector})`, known) }).toEqual({
      name,
      problems: [],
    });
  }
});

test("every metric of the service has its place on the dashboard", () => {
  const expressions = queries.map(({ expr }) => expr).join("\n");
  const missing = Object.values(metricTable).filter(({ name }) => !new RegExp(`\\b${name}`).test(expressions));
  expect(missing.map(({ name }) => name)).toEqual([]);
});

test("panels have titles and numbers of their own, lie within the grid and cover each other nowhere", () => {
  const { panels } = dashboard;
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, index) => `${x + (index % w)}/${y + Math.floor(index / w)}`),
  );
  expect(new Set(cells).size).toBe(cells.length);
  expect(panels.filter(({ gridPos: { x, w } }) => x < 0 || x + w > 24)).toEqual([]);
});

/** Grafana puts in an interval of time; other variables stand within strings, where any value may be. */
function withoutVariables(expression: string): string {
  return expression.replaceAll("$__rate_interval", "5m");
}

/** What an outer `by` keeps, or every label of the series where nothing is grouped. */
function keptLabels(expression: string): Set<string> {
  const lists = [...expression.matchAll(/\bby \(([^)]*)\)/g)].map(([, list = ""]) => list.split(/,\s*/));
  if (lists.length > 0) {
    return new Set(lists.flat().filter((label) => label !== "le" || !expression.startsWith("histogram_quantile")));
  }
  const names = [...known.keys()].filter((name) => new RegExp(`(?<![\\w:])${name}(?![\\w:])`).test(expression));
  return new Set(names.flatMap((name) => Object.keys(known.get(name) ?? {})));
}
