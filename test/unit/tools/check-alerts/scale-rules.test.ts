import fc from "fast-check";
import { expect, test } from "vitest";
import { allRules, readRuleFiles } from "../../../../tools/check-alerts/rule-files.ts";
import { scaleExpression, scaleRules, secondsOf } from "../../../../tools/check-alerts/scale-rules.ts";
import { readExpression } from "../../../../tools/promql/expression.ts";

const scale = { factor: 60, leastWindowSeconds: 5 };

test("ranges and offsets are divided, but not below the least window; nothing else is touched", () => {
  expect(scaleExpression('job:a:rate1h > 14.4 * 0.001 and rate(b_total{c="5m"}[1h30m] offset 1d) > 300', scale)).toBe(
    'job:a:rate1h > 14.4 * 0.001 and rate(b_total{c="5m"}[90000ms] offset 1440000ms) > 300',
  );
  expect(scaleExpression("rate(b_total[2m])", scale)).toBe("rate(b_total[5000ms])");
});

test("waiting times are divided without a least one, and groups are read at every evaluation", () => {
  const rules = [
    { alert: "A", expr: "a", for: "2m" },
    { alert: "B", expr: "b" },
  ];
  expect(scaleRules({ groups: [{ name: "g", interval: "5m", rules }] }, scale)).toEqual({
    groups: [
      {
        name: "g",
        rules: [
          { alert: "A", expr: "a", for: "2000ms" },
          { alert: "B", expr: "b" },
        ],
      },
    ],
  });
});

test("durations are read as Prometheus writes them, and what is none is refused", () => {
  expect(["90s", "1h30m", "250ms", "1w", "1y"].map(secondsOf)).toEqual([90, 5_400, 0.25, 604_800, 31_536_000]);
  for (const text of ["", "5", "m5", "5m ", "5 m", "1.5h"]) {
    expect(() => secondsOf(text)).toThrow(SyntaxError);
  }
});

test("whatever the factor, our rules keep every series and label that they speak of", () => {
  const files = readRuleFiles();
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), fc.integer({ min: 0, max: 60 }), (factor, leastWindowSeconds) => {
      for (const file of files.values()) {
        const before = allRules(new Map([["", file]]));
        const after = allRules(new Map([["", scaleRules(file, { factor, leastWindowSeconds })]]));
        expect(after.map(({ expr }) => readExpression(expr))).toEqual(before.map(({ expr }) => readExpression(expr)));
      }
    }),
    { numRuns: 20 },
  );
});
