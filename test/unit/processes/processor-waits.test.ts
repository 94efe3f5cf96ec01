import { expect, test } from "vitest";
import { ProcessorWaits, readThreadSchedules, type ThreadSchedule } from "../../../src/processes/processor-waits.ts";

test("every thread of a process that lives has a schedule; this one runs", () => {
  const before = readThreadSchedules(process.pid);
  const after = readThreadSchedules(process.pid);
  expect(before.size).toBeGreaterThan(1);
  expect(after.get(`${process.pid}`)).toMatchObject({ isRunnable: true });
  expect(after.get(`${process.pid}`)?.ranMs).toBeGreaterThan(0);
  for (const [thread, { waitedMs }] of before) {
    expect(after.get(thread)?.waitedMs).toBeGreaterThanOrEqual(waitedMs);
  }
});

test("nothing is known of a process that is gone", () => {
  expect(readThreadSchedules(2 ** 22 + 1)).toEqual(new Map());
});

const asleep = { waitedMs: 0, ranMs: 0, isRunnable: false };

function threads(...schedules: readonly Partial<ThreadSchedule>[]): Map<string, ThreadSchedule> {
  return new Map(schedules.map((schedule, index) => [`${index}`, { ...asleep, ...schedule }]));
}

test("waits that are over are added up from the first look on, for the thread that waited longest", () => {
  const waits = new ProcessorWaits();
  expect(waits.look(threads({ waitedMs: 400 }, { waitedMs: 7 }), 0)).toBe(0);
  expect(waits.look(threads({ waitedMs: 410 }, { waitedMs: 32 }), 100)).toBe(25);
  expect(waits.look(threads({ waitedMs: 450 }, { waitedMs: 32 }, { waitedMs: 900 }), 200)).toBe(50);
});

test("a thread that wants to run and has not run since the last look waits all the time", () => {
  const waits = new ProcessorWaits();
  expect(waits.look(threads({ ranMs: 5, isRunnable: true }), 0)).toBe(0);
  expect(waits.look(threads({ ranMs: 5, isRunnable: true }), 500)).toBe(500);
  expect(waits.look(threads({ ranMs: 5, isRunnable: true }), 1000)).toBe(1000);
  // It is over, and the kernel has counted it.
  expect(waits.look(threads({ ranMs: 9, waitedMs: 1200, isRunnable: true }), 1500)).toBe(1200);
});

test("a thread that sleeps, or that runs all the time, waits for nothing", () => {
  const waits = new ProcessorWaits();
  for (let now = 0; now <= 2000; now += 500) {
    expect(waits.look(threads({}, { ranMs: now, isRunnable: true }), now)).toBe(0);
  }
});
