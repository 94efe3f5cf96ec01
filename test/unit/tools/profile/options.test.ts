import { expect, test } from "vitest";
import { parseOptions } from "../../../../tools/profile/options.ts";

const now = new Date("2026-01-02T03:04:05Z");

test("a task alone is enough, and its files get a folder of their own", () => {
  expect(parseOptions(["classify"], now)).toMatchObject({
    task: "classify",
    requests: 200,
    warmUp: 20,
    concurrency: 4,
    instances: 1,
    model: expect.stringMatching(/models\/camembert-toxicity-fr$/),
    audio: null,
    out: expect.stringMatching(/\.tmp\/profile\/classify-2026-01-02T03-04-05$/),
  });
  expect(parseOptions(["transcribe"], now)).toMatchObject({ requests: 5, warmUp: 1, concurrency: 1 });
});

test("options count, before and after the task", () => {
  const args = ["--requests", "7", "transcribe", "--audio", "a.wav", "--out", "there", "--warm-up=2"];
  expect(parseOptions(args, now)).toMatchObject({ requests: 7, warmUp: 2, audio: "a.wav", out: "there" });
});

test.each([
  [[], "name one task: classify or transcribe"],
  [["transcode"], "name one task: classify or transcribe"],
  [["classify", "transcribe"], "name one task: classify or transcribe"],
  [["classify", "--requests", "0"], '--requests must be a positive whole number, not "0"'],
  [["classify", "--concurrency", "many"], '--concurrency must be a positive whole number, not "many"'],
  [["classify", "--unknown"], "Unknown option '--unknown'"],
])("%j is refused", (args, message) => {
  expect(() => parseOptions(args, now)).toThrow(message);
});
