import { expect, test } from "vitest";
import { nameLimit } from "../../../../bench/gpu/name-limit.ts";

const shares = { eventLoop: 0.5, textThread: 0.6, inferenceProcess: 0.7 };

test.each([
  [{ ...shares, textThread: 0.91 }, "the tokenizer's thread, busy 91 % of the time"],
  [
    { ...shares, inferenceProcess: 1, eventLoop: 0.95, gpu: 0.4 },
    "the inference process, in ONNX Runtime's binding and around it, busy 100 % of the time",
  ],
  [{ ...shares, inferenceProcess: 1, gpu: 0.93 }, "the GPU, busy 93 % of the time"],
  [
    { ...shares, gpu: 0.65 },
    "no part alone, so more requests at a time would be answered; most is the inference process, in ONNX Runtime's binding and around it, busy 70 % of the time",
  ],
])("what is busy all the time is the limit: %o", (given, expected) => {
  expect(nameLimit(given)).toBe(expected);
});
