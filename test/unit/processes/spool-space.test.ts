import { expect, test } from "vitest";
import { SpoolSpace } from "../../../src/processes/spool-space.ts";

test("space is taken up to the limit, and given back", () => {
  const space = new SpoolSpace(() => 100);
  expect(space.take(60)).toBe(true);
  expect(space.take(41)).toBe(false);
  expect(space.take(40)).toBe(true);
  space.release(60);
  expect(space.take(60)).toBe(true);
});

test("the limit may change", () => {
  let limit = 10;
  const space = new SpoolSpace(() => limit);
  expect(space.take(20)).toBe(false);
  limit = 20;
  expect(space.take(20)).toBe(true);
});
