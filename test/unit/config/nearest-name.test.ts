import { expect, test } from "vitest";
import { nearestName } from "../../../src/config/nearest-name.ts";

const names = ["host", "port", "maxConnections", "maxConcurrentRequests"];

test.each([
  ["prot", "port"],
  ["porr", "port"],
  ["Port", "port"],
  ["hosts", "host"],
  ["max-connections", "maxConnections"],
  ["maxConcurrentRequest", "maxConcurrentRequests"],
  ["timeout", null],
])("%s is taken for %s", (name, expected) => {
  expect(nearestName(name, names)).toBe(expected);
});

test("of equally near names the first is taken, and without names there is none", () => {
  expect(nearestName("bat", ["cat", "hat"])).toBe("cat");
  expect(nearestName("bat", [])).toBeNull();
});
