import { expect, test } from "vitest";
import { Deadline } from "../../../src/scheduler/deadline.ts";

test("the time left runs down to zero and stays there", () => {
  const deadline = Deadline.after(200, 1000);
  expect([1000, 1150, 1200, 5000].map((now) => deadline.remainingMs(now))).toEqual([200, 50, 0, 0]);
});

test("a deadline has expired from its very moment on", () => {
  const deadline = Deadline.after(200, 1000);
  expect([1000, 1199.9, 1200, 1201].map((now) => deadline.isExpired(now))).toEqual([false, false, true, true]);
});

test("without a start it counts from now, on the monotonic clock", () => {
  const before = performance.now();
  const { expiresAt } = Deadline.after(1000);
  expect(expiresAt).toBeGreaterThanOrEqual(before + 1000);
  expect(expiresAt).toBeLessThanOrEqual(performance.now() + 1000);
  expect(Deadline.after(0, before).isExpired()).toBe(true);
  expect(Deadline.after(600_000).remainingMs()).toBeGreaterThan(0);
});

test("a growing deadline moves to what the work may take from its start on, and never back", () => {
  const deadline = Deadline.growing(200, 1000);
  expect(deadline.expiresAt).toBe(1200);
  deadline.allow(500);
  expect(deadline.expiresAt).toBe(1500);
  deadline.allow(300);
  expect(deadline.expiresAt).toBe(1500);
});

test("a fixed deadline stays, however much work there is", () => {
  const deadline = Deadline.after(200, 1000);
  deadline.allow(500);
  expect(deadline.expiresAt).toBe(1200);
});
