import { expect, test } from "vitest";
import { speechBatch, textBatch } from "../../../src/hardware/batch-size.ts";

const automatic = { maxBatchSize: "auto", maxBatchTokens: "auto" } as const;

test("a batch of texts that is left to the service is larger on a GPU", () => {
  expect(textBatch(automatic, false)).toEqual({ windows: 32, tokens: 1_024 });
  expect(textBatch(automatic, true)).toEqual({ windows: 128, tokens: 16_384 });
});

test("what the settings say of a batch holds everywhere, each for itself", () => {
  expect(textBatch({ ...automatic, maxBatchSize: 7 }, true)).toEqual({ windows: 7, tokens: 16_384 });
  expect(textBatch({ ...automatic, maxBatchTokens: 2_048 }, false)).toEqual({ windows: 32, tokens: 2_048 });
  expect([speechBatch(5, false), speechBatch(5, true)]).toEqual([5, 5]);
});

test("a batch of speech that is left to the service is one window, and many where they are one run", () => {
  expect([speechBatch("auto", false), speechBatch("auto", true)]).toEqual([1, 32]);
});
