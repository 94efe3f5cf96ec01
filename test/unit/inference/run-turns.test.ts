import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { RunTurns, type Turn } from "../../../src/inference/run-turns.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});

afterEach(() => {
  vi.useRealTimers();
});

test("a run that is alone goes on at once", async () => {
  const turn = new RunTurns().begin();
  expect(await hasNext(turn)).toBe(true);
});

test("the latest run goes first; the earlier one goes on when it has ended", async () => {
  const turns = new RunTurns();
  const long = turns.begin();
  const short = turns.begin();
  const waiting = long.next();
  expect(await hasNext(short)).toBe(true);
  expect(await isSettled(waiting)).toBe(false);
  short.end();
  expect(await isSettled(waiting)).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});

test("who waits for one later run waits for the next one too, but for two seconds in all", async () => {
  const turns = new RunTurns();
  const long = turns.begin();
  const first = turns.begin();
  const waiting = long.next();
  vi.advanceTimersByTime(1_500);
  const second = turns.begin();
  first.end();
  expect(await isSettled(waiting)).toBe(false);
  vi.advanceTimersByTime(499);
  expect(await isSettled(waiting)).toBe(false);
  vi.advanceTimersByTime(1);
  expect(await isSettled(waiting)).toBe(true);
  // From here on they take turns.
  expect([await hasNext(long), await hasNext(second)]).toEqual([true, true]);
});

test("a run that ends in whatever order is forgotten", async () => {
  const turns = new RunTurns();
  const [first, second, third] = [turns.begin(), turns.begin(), turns.begin()];
  second.end();
  third.end();
  expect(await hasNext(first)).toBe(true);
  first.end();
  expect(await hasNext(turns.begin())).toBe(true);
});

function hasNext(turn: Turn): Promise<boolean> {
  return isSettled(turn.next());
}

async function isSettled(promise: Promise<void>): Promise<boolean> {
  let isDone = false;
  void promise.then(() => {
    isDone = true;
  });
  await setImmediate();
  return isDone;
}
