import fc from "fast-check";
import { expect, test } from "vitest";
import { editDistance } from "../../src/edit-distance.ts";

const items = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 12 });

test("what is wrong, missing or too many counts once", () => {
  expect(editDistance([1, 2, 3], [1, 2, 3])).toBe(0);
  expect(editDistance([1, 2, 3], [1, 9, 3])).toBe(1);
  expect(editDistance([1, 2, 3], [1, 3])).toBe(1);
  expect(editDistance([1, 2, 3], [0, 1, 2, 3, 4])).toBe(2);
  expect(editDistance([], [1, 2])).toBe(2);
});

test("a distance is the same both ways, no more than the longer list, and 0 for equal ones only", () => {
  fc.assert(
    fc.property(items, items, (one, other) => {
      const distance = editDistance(one, other);
      expect(distance).toBe(editDistance(other, one));
      expect(distance).toBeLessThanOrEqual(Math.max(one.length, other.length));
      expect(distance).toBeGreaterThanOrEqual(Math.abs(one.length - other.length));
      expect(distance === 0).toBe(one.join() === other.join());
    }),
  );
});

test("a way over a third list is never shorter", () => {
  fc.assert(
    fc.property(items, items, items, (one, between, other) => {
      expect(editDistance(one, other)).toBeLessThanOrEqual(editDistance(one, between) + editDistance(between, other));
    }),
  );
});
