import { expect, test } from "vitest";
import { nameLimit } from "../../../../bench/gpu/name-limit.ts";

const shares = { eventLoop: 0.5, textThread: 0.6, inferenceProcess: 0.3, run: 0.7 };

test.each([
  [{ ...shares, textThread: 0.91 }, "the tokenizer's thread, busy 91 % of the time"],
  [{ ...shares, run: 1, eventLoop: 0.95, gpu: 0.4 }, "the thread that calls ONNX Runtime, busy 100 % of the time"],
  [{ ...shares, run: 1, gpu: 0.93 }, "the GPU, busy 93 % of the time"],
  [
    { ...shares, gpu: 0.65 },
    "no part alone, so more requests at a time would be answered; most is the thread that calls ONNX Runtime, busy 70 % of the time",
  ],
])("what is busy all the time is the limit: %o", (given, expected) => {
  expect(nameLimit(given)).toBe(expected);
});
