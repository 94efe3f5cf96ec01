import { expect, test } from "vitest";
import { Options } from "../../../bench/options.ts";

const descriptions = [
  { name: "rounds", byDefault: 5, help: "" },
  { name: "fp32", byDefault: null, help: "" },
];

test("what is not given has its default", () => {
  const options = new Options([], descriptions);
  expect(options.json).toBe(false);
  expect(options.all()).toEqual({ rounds: 5, fp32: null });
});

test("numbers are read as numbers, the rest as text", () => {
  const options = new Options(["--rounds", "0.5", "--fp32=model.onnx", "--json"], descriptions);
  expect(options.number("rounds")).toBe(0.5);
  expect(options.text("fp32")).toBe("model.onnx");
  expect(options.json).toBe(true);
});

test.each(["0", "-1", "many", "Infinity"])("a number that is not positive and finite is refused: %s", (value) => {
  expect(() => new Options([`--rounds=${value}`], descriptions)).toThrow(`--rounds must be a positive number`);
});

test("an unknown option is refused", () => {
  expect(() => new Options(["--round", "1"], descriptions)).toThrow("--round");
});

test("a list of counts is read as numbers", () => {
  const counts = [{ name: "batches", byDefault: "1,8,32", help: "" }];
  expect(new Options([], counts).counts("batches")).toEqual([1, 8, 32]);
  expect(new Options(["--batches", "4"], counts).counts("batches")).toEqual([4]);
});

test.each(["", "0", "1,x", "1.5", "1,,2"])("a list that holds anything else is refused: %j", (value) => {
  const options = new Options([`--batches=${value}`], [{ name: "batches", byDefault: "1", help: "" }]);
  expect(() => options.counts("batches")).toThrow("--batches must be positive whole numbers");
});

test("what must be given is asked for by name", () => {
  expect(() => new Options([], descriptions).required("fp32")).toThrow("--fp32 is needed");
});
