import { expect, test } from "vitest";
import { nameLimit } from "../../../../bench/gpu/name-limit.ts";

const rates = { binding: 30_000, tokenizer: 20_000, http: 25_000 };

test.each([
  [rates, "the tokenizer's thread: the service reaches 50 % of what it allows"],
  [{ ...rates, http: 12_500 }, "the HTTP server and its client: the service reaches 80 % of what it allows"],
  [{ ...rates, binding: 10_000 }, "ONNX Runtime's binding and the device: the service reaches 100 % of what it allows"],
])("the slowest part is the limit: %o", (given, expected) => {
  expect(nameLimit(10_000, given, null)).toBe(expected);
});

test("a GPU that is busy is the limit, whatever the parts do alone", () => {
  expect(nameLimit(10_000, rates, 0.95)).toBe("the GPU, which is busy");
  expect(nameLimit(10_000, rates, 0.5)).toContain("tokenizer");
});
