import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { statusByCode } from "../../../src/http/error-status.ts";
import { metricTable } from "../../../src/telemetry/metric-table.ts";
import { allRules, deployFolder, readRuleFiles } from "../../../tools/check-alerts/rule-files.ts";
import { findUnknownNames } from "../../../tools/promql/find-unknown-names.ts";
import { withRecordedSeries } from "../../../tools/promql/recorded-series.ts";
import { scrapedSeries } from "../../../tools/promql/series-labels.ts";
import { fakeApp } from "../../helpers/fake-app.ts";

interface PromtoolTests {
  readonly tests: readonly {
    readonly name: string;
    readonly promql_expr_test: readonly { readonly expr: string; readonly exp_samples: readonly unknown[] }[];
  }[];
}

const rules = allRules(readRuleFiles());
const recorded = new Map(rules.flatMap(({ record, expr }) => (record === undefined ? [] : [[record, expr]])));
const alerts = rules.flatMap(({ alert, ...rule }) => (alert === undefined ? [] : [{ ...rule, name: alert }]));
const known = withRecordedSeries(scrapedSeries(metricTable), recorded);
const handbook = readFileSync(new URL("../../../docs/operations.md", import.meta.url), "utf8");
const testFolder = join(deployFolder, "prometheus/tests");
const promtoolTests = readdirSync(testFolder).flatMap(
  (file) => (parse(readFileSync(join(testFolder, file), "utf8")) as PromtoolTests).tests,
);

test("rules speak of metrics, labels and values that the service has, and of nothing else", () => {
  const problems = rules.flatMap(({ alert, record, expr }) =>
    findUnknownNames(expr, known).map((problem) => `${alert ?? record}: ${problem}`),
  );
  expect(problems).toEqual([]);
});

test("every error code with a status from 500 on counts against availability, and no other", () => {
  const failures = Object.entries(statusByCode).flatMap(([code, status]) => (status >= 500 ? [code] : []));
  const counted = [...recorded.values()].flatMap((expr) =>
    [...expr.matchAll(/code=~"([^"]+)"/g)].map(([, list]) => list),
  );
  expect(counted.length).toBeGreaterThan(0);
  for (const list of counted) {
    expect(list?.split("|").toSorted()).toEqual(failures.toSorted());
  }
});

test("texts of alerts speak of labels that the alert has", () => {
  const metricLabels = new Set([...known.values()].flatMap((labels) => Object.keys(labels)));
  const wrong = alerts.flatMap(({ name, labels = {}, annotations = {} }) =>
    [
      ...Object.values(annotations)
        .join(" ")
        .matchAll(/\$labels\.(\w+)/g),
    ]
      .map(([, label = ""]) => label)
      .filter((label) => !metricLabels.has(label) && !(label in labels))
      .map((label) => `${name}: ${label}`),
  );
  expect(wrong).toEqual([]);
});

test("every series that is recorded is read by an alert, or by the dashboard", () => {
  const dashboard = readFileSync(join(deployFolder, "grafana/dashboard.json"), "utf8");
  const readers = `${alerts.map(({ expr }) => expr).join("\n")}\n${dashboard}`;
  const unread = [...recorded.keys()].filter((name) => !new RegExp(`${name}(?!\\w)`).test(readers));
  expect(unread).toEqual([]);
});

test("every alert has a severity, a summary, a description and a section of the handbook", () => {
  for (const { name, labels = {}, annotations = {} } of alerts) {
    expect({ name, severity: labels["severity"] }).toEqual({
      name,
      severity: expect.stringMatching(/^(page|ticket)$/),
    });
    expect({ name, ...annotations }).toEqual({
      name,
      summary: expect.stringMatching(/.{10}/),
      description: expect.stringMatching(/.{10}/),
      runbook_url: `docs/operations.md#${name.toLowerCase()}`,
    });
  }
});

test("the handbook has a section for every alert, in the order of the rules, with its severity, and for no other", () => {
  const sections = [...handbook.matchAll(/^### (\w+)\n\n(.*)$/gm)].map(([, name, line]) => ({ name, line }));
  const names = [...new Set(alerts.map(({ name }) => name))];
  expect(sections.map(({ name }) => name)).toEqual(names);
  for (const { name, line } of sections) {
    const severities = new Set(alerts.filter((alert) => alert.name === name).map(({ labels }) => labels?.["severity"]));
    expect({ name, line }).toEqual({
      name,
      line: expect.stringMatching(`^\\*\\*${[...severities].join(", ")}\\.\\*\\* .{20}`),
    });
  }
});

test("every alert has a test in which it fires, and one in which it does not", () => {
  const checks = promtoolTests.flatMap(({ promql_expr_test }) => promql_expr_test);
  for (const { name } of alerts) {
    const own = checks.filter(({ expr }) => expr.includes(`"${name}"`));
    expect({ name, fires: own.some(({ exp_samples }) => exp_samples.length > 0) }).toEqual({ name, fires: true });
    expect({ name, rests: own.some(({ exp_samples }) => exp_samples.length === 0) }).toEqual({ name, rests: true });
  }
});

test("rules about routes speak of routes that the service has", async () => {
  const named = rules.flatMap(({ expr }) => [...expr.matchAll(/route="([^"]+)"/g)].map(([, route]) => route ?? ""));
  expect(named.length).toBeGreaterThan(0);
  await using fake = await fakeApp();
  expect(named.filter((url) => !fake.app.hasRoute({ method: "POST", url }))).toEqual([]);
});
