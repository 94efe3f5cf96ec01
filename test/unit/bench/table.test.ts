import { expect, test } from "vitest";
import { figure, formatTable, percent } from "../../../bench/table.ts";

test("the first column is aligned to the left, the others to the right", () => {
  const table = {
    title: "Speed",
    columns: ["", "texts/s"],
    rows: [
      ["ours", "1200"],
      ["a longer name", "3"],
    ],
  };
  expect(formatTable(table)).toBe(
    [
      "Speed",
      "               texts/s",
      "-------------  -------",
      "ours              1200",
      "a longer name        3",
    ].join("\n"),
  );
});

test("a share that is no number is a dash", () => {
  expect(percent(Number.NaN)).toBe("–");
});

test.each([
  [1234.56, "1235"],
  [-56.78, "-56.8"],
  [8.9, "8.90"],
  [0.1234, "0.123"],
  [0, "0.00"],
  [Number.NaN, "–"],
])("%d is written as %s", (value, text) => {
  expect(figure(value)).toBe(text);
});

test("a share just below one is not rounded up to all", () => {
  expect(percent(0.99995)).toBe("99.995 %");
  expect(percent(1)).toBe("100.0 %");
});
