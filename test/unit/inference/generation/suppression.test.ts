import { expect, test } from "vitest";
import { suppress } from "../../../../src/inference/generation/suppression.ts";

test("suppressed tokens become impossible and the others stay as they are", () => {
  const logits = Float32Array.of(1, 2, 3, 4);
  suppress(logits, Int32Array.of(0, 2));
  expect([...logits]).toEqual([Number.NEGATIVE_INFINITY, 2, Number.NEGATIVE_INFINITY, 4]);
});

test("ids beyond the vocabulary have no effect", () => {
  const logits = Float32Array.of(1, 2);
  suppress(logits, Int32Array.of(2, 50_000));
  expect([...logits]).toEqual([1, 2]);
});
