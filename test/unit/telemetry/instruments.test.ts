import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { createInstruments } from "../../../src/telemetry/instruments.ts";
import type { MetricDefinition } from "../../../src/telemetry/metric-table.ts";

const table = {
  jobs: { name: "jobs_total", type: "counter", unit: "jobs", help: "Jobs.", labels: { kind: ["big", "small"] } },
  losses: {
    name: "losses_total",
    type: "counter",
    unit: "losses",
    help: "Losses.",
    labels: { kind: ["big"], place: { boundedBy: "places" } },
  },
  level: { name: "level_bytes", type: "gauge", unit: "bytes", help: "Level.", labels: {} },
  parts: { name: "parts", type: "gauge", unit: "parts", help: "Parts.", labels: { place: ["here", "there"] } },
  times: { name: "times_seconds", type: "histogram", unit: "seconds", help: "Times.", labels: {}, buckets: [1, 2] },
} as const satisfies Record<string, MetricDefinition>;

test("each instrument counts under the name and the labels of its definition", async () => {
  const { instruments, samples } = create();
  instruments.jobs.add({ kind: "big" });
  instruments.jobs.add({ kind: "big" }, 2);
  instruments.times.observe({}, 1.5);
  expect(await samples("jobs_total")).toContain('jobs_total{kind="big"} 3');
  expect(await samples("times_seconds")).toContain('times_seconds_bucket{le="2"} 1');
});

test("a counter whose label values are all listed begins at 0 with each, so that a first increase is one", async () => {
  const { samples } = create();
  expect(await samples("jobs_total")).toEqual(['jobs_total{kind="big"} 0', 'jobs_total{kind="small"} 0']);
  expect(await samples("losses_total")).toEqual([]);
});

test("a gauge shows what was set last, all of it and nothing else", async () => {
  const { instruments, samples } = create();
  expect(await samples("level_bytes")).toEqual([]);
  instruments.parts.set([
    [{ place: "here" }, 1],
    [{ place: "there" }, 2],
  ]);
  instruments.parts.set([[{ place: "there" }, 3]]);
  instruments.level.set([[{}, 7]]);
  expect(await samples("parts")).toEqual(['parts{place="there"} 3']);
  expect(await samples("level_bytes")).toEqual(["level_bytes 7"]);
  instruments.level.set([]);
  expect(await samples("level_bytes")).toEqual([]);
});

test("a gauge with a reader shows what that says at each scrape", async () => {
  let level = 1;
  const { samples } = create({ level: () => [[{}, level]] });
  expect(await samples("level_bytes")).toEqual(["level_bytes 1"]);
  level = 2;
  expect(await samples("level_bytes")).toEqual(["level_bytes 2"]);
});

test("a reader that throws costs its own gauge and nothing else", async () => {
  const broken = new Error("no level");
  let isBroken = false;
  const { failures, instruments, samples } = create({
    level: () => {
      if (isBroken) {
        throw broken;
      }
      return [[{}, 5]];
    },
  });
  instruments.jobs.add({ kind: "small" });
  expect(await samples("level_bytes")).toEqual(["level_bytes 5"]);
  isBroken = true;
  expect(await samples("level_bytes")).toEqual([]);
  expect(await samples("jobs_total")).toContain('jobs_total{kind="small"} 1');
  expect(failures[0]).toEqual(["level_bytes", broken]);
});

type Readers = Parameters<typeof createInstruments>[2];

function create(readers: Readers = {}) {
  const registry = new Registry();
  const failures: [string, unknown][] = [];
  const instruments = createInstruments(table, registry, readers, (metric, error) => failures.push([metric, error]));
  const samples = async (name: string): Promise<string[]> =>
    (await registry.metrics())
      .split("\n")
      .filter((line) => new RegExp(`^${name}(_bucket|_sum|_count)?[{ ]`).test(line));
  return { failures, instruments, samples };
}
