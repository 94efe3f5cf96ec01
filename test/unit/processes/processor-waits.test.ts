import { expect, test } from "vitest";
import { longestWaitBetween, readProcessorWaits } from "../../../src/processes/processor-waits.ts";

test("every thread of a process that lives has a wait, which never shrinks", () => {
  const before = readProcessorWaits(process.pid);
  const after = readProcessorWaits(process.pid);
  expect(before.get(`${process.pid}`)).toBeGreaterThan(0);
  expect(before.size).toBeGreaterThan(1);
  expect(longestWaitBetween(before, after)).toBeGreaterThanOrEqual(0);
});

test("nothing is known of a process that is gone", () => {
  expect(readProcessorWaits(2 ** 22 + 1)).toEqual(new Map());
});

test("the longest wait is that of one thread, which lived at both looks", () => {
  const before = new Map([
    ["1", 10],
    ["2", 400],
    ["ended", 0],
  ]);
  const after = new Map([
    ["1", 35],
    ["2", 410],
    ["began", 900],
  ]);
  expect(longestWaitBetween(before, after)).toBe(25);
  expect(longestWaitBetween(before, new Map())).toBe(0);
});
