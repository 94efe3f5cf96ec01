import { expect, test } from "vitest";
import { UploadRoom } from "../../../src/admission/upload-room.ts";
import { ServiceError } from "../../../src/errors.ts";

const limits = { maxConcurrent: 3, spoolBytes: 900 };

test("one address gets two thirds of the places, and the last is there for another", () => {
  const room = new UploadRoom(() => limits);
  room.enter("192.0.2.1");
  const second = room.enter("192.0.2.1");
  expect(() => room.enter("192.0.2.1")).toThrow(
    expect.objectContaining({ code: "overloaded", retryAfterMs: expect.any(Number) }),
  );
  room.enter("192.0.2.2");
  second.leave();
  expect(() => room.enter("192.0.2.3")).not.toThrow();
});

test("one address gets two thirds of the disk, and the rest is there for another", () => {
  const room = new UploadRoom(() => limits);
  const first = room.enter("192.0.2.1");
  expect(first.tryTake(600)).toBe(true);
  expect(first.tryTake(1)).toBe(false);
  expect(room.enter("192.0.2.2").tryTake(200)).toBe(true);
});

test("who leaves gives back what was taken, once", () => {
  const room = new UploadRoom(() => limits);
  const place = room.enter("192.0.2.1");
  place.tryTake(300);
  place.tryTake(300);
  place.leave();
  place.leave();
  const again = room.enter("192.0.2.1");
  expect(again.tryTake(600)).toBe(true);
});

test("limits that change count from then on", () => {
  let maxConcurrent = 1;
  const room = new UploadRoom(() => ({ ...limits, maxConcurrent }));
  room.enter("192.0.2.1");
  expect(() => room.enter("192.0.2.2")).toThrow(ServiceError);
  maxConcurrent = 2;
  expect(() => room.enter("192.0.2.2")).not.toThrow();
});
