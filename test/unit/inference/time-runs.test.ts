import { expect, test } from "vitest";
import { timeRuns } from "../../../src/inference/time-runs.ts";

const size = { weights: 3, tokens: 128 };

test("the first run is not counted, and of the others the fastest is", async () => {
  expect(await timed([1, 40, 30, 20, 50, 10])).toEqual({ ...size, milliseconds: 10 });
});

test("once a second is over no further run is made, but one was", async () => {
  expect(await timed([5_000, 300, 1])).toEqual({ ...size, milliseconds: 300 });
  expect(await timed([500, 300, 250, 1])).toEqual({ ...size, milliseconds: 250 });
});

test("what a run throws comes through: such a process is not ready", async () => {
  const failing = { ...size, run: () => Promise.reject(new Error("out of memory")) };
  await expect(timeRuns(failing, () => 0)).rejects.toThrow("out of memory");
});

/** Runs that take so many milliseconds, one after another, on a clock of their own. */
function timed(durations: number[]): ReturnType<typeof timeRuns> {
  let now = 0;
  const run = (): Promise<void> => {
    now += durations.shift() ?? Number.NaN;
    return Promise.resolve();
  };
  return timeRuns({ ...size, run }, () => now);
}
