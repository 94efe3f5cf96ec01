import { expect, test } from "vitest";
import { timeModel, timeRuns } from "../../../src/inference/time-runs.ts";

const size = { weights: 3, tokens: 128 };

test("the first run is not counted, and of the others the fastest is", async () => {
  expect(await timed([1, 40, 30, 20, 50, 10])).toEqual({ ...size, milliseconds: 10 });
});

test("once a second is over no further run is made, but one was", async () => {
  expect(await timed([5_000, 300, 1])).toEqual({ ...size, milliseconds: 300 });
  expect(await timed([500, 300, 250, 1])).toEqual({ ...size, milliseconds: 250 });
});

test("what a run throws comes through", async () => {
  const failing = { ...size, run: () => Promise.reject(new Error("out of memory")) };
  await expect(timeRuns(failing, () => 0)).rejects.toThrow("out of memory");
});

test("a timed run that fails says nothing of the device, unless the device is lost", async () => {
  const order = { operations: 1, maxUnits: 1 };
  expect(await timeModel(modelThatThrows("config.json has no valid num_hidden_layers"), order, () => 0)).toBeNull();
  expect(await timeModel(modelThatThrows("Failed to allocate memory for requested buffer"), order, () => 0)).toBeNull();
  expect(await timeModel({}, order, () => 0)).toBeNull();
  await expect(timeModel(modelThatThrows("CUDA failure 700: an illegal access"), order, () => 0)).rejects.toThrow(
    "700",
  );
});

function modelThatThrows(message: string) {
  return { timedRun: () => Promise.reject(new Error(message)) };
}

/** Runs that take so many milliseconds, one after another, on a clock of their own. */
function timed(durations: number[]): ReturnType<typeof timeRuns> {
  let now = 0;
  const run = (): Promise<void> => {
    now += durations.shift() ?? Number.NaN;
    return Promise.resolve();
  };
  return timeRuns({ ...size, run }, () => now);
}
