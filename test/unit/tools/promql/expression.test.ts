import { expect, test } from "vitest";
import { readExpression } from "../../../../tools/promql/expression.ts";

test("every metric of an expression is found with its matchers, and every label that it groups or joins by", () => {
  const facts = readExpression(`
    sum by (job, le) (rate(waits_seconds_bucket{route="/v1/a", status_code!~"5..|4.." }[5m] offset 1h))
      / on (job) group_left (version) (job:waits:rate5m > 0.5) # a comment with a name
      and time() - begun_seconds > 3 * 86400
  `);
  expect(facts.selectors).toEqual([
    {
      metric: "waits_seconds_bucket",
      matchers: [
        { label: "route", operator: "=", value: "/v1/a" },
        { label: "status_code", operator: "!~", value: "5..|4.." },
      ],
    },
    { metric: "job:waits:rate5m", matchers: [] },
    { metric: "begun_seconds", matchers: [] },
  ]);
  expect(facts.labels).toEqual(["job", "le", "job", "version"]);
});

test("names within strings are none", () => {
  expect(readExpression(`label_replace(up, "a", "$1", "b", "other_metric(.*)")`).selectors).toEqual([
    { metric: "up", matchers: [] },
  ]);
});

test.each([
  ["an unknown function", "rat(waits_total[5m])", "rat is no known function"],
  ["a function that is not called", "rate + 1", "rate is a function"],
  ["a selector without a name", `{job="a"}`, "must begin with the name"],
  ["a matcher without quotes", "up{job=a}", "the selector of up"],
  ["a list of labels without an end", "sum by (job", "has no end"],
  ["a character that begins nothing", "up ? 1", "no PromQL from character 3"],
])("%s is an error, so that no name slips through", (_, expression, message) => {
  expect(() => readExpression(expression)).toThrow(message);
});
