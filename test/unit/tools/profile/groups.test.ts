import fc from "fast-check";
import { expect, test } from "vitest";
import { groupBy, topGroups } from "../../../../tools/profile/analysis/groups.ts";

const items = fc.array(
  fc.record({ name: fc.constantFrom("a", "b", "c", "d", "e"), amount: fc.integer({ min: 1, max: 9 }) }),
  {
    minLength: 1,
  },
);

test("groups have the largest total first, and shares that add up to 1, the others included", () => {
  fc.assert(
    fc.property(items, fc.integer({ min: 1, max: 6 }), (all, count) => {
      const groups = groupBy(
        all,
        ({ name }) => name,
        ({ amount }) => amount,
      );
      const shown = topGroups(groups, count);
      expect(shown.length).toBeLessThanOrEqual(count + 1);
      for (const some of [groups, shown]) {
        expect(some.reduce((total, { share }) => total + share, 0)).toBeCloseTo(1, 9);
        expect(some.reduce((total, group) => total + group.total, 0)).toBe(
          all.reduce((sum, { amount }) => sum + amount, 0),
        );
        expect(some.reduce((total, group) => total + group.count, 0)).toBe(all.length);
      }
      const totals = groups.map(({ total }) => total);
      expect(totals).toEqual(totals.toSorted((one, other) => other - one));
    }),
  );
});

test("a single further group keeps its name", () => {
  const groups = ["a", "b", "c"].map((name) => ({ name, count: 1, total: 1, share: 1 / 3 }));
  expect(topGroups(groups, 2).map(({ name }) => name)).toEqual(["a", "b", "c"]);
  expect(topGroups(groups, 1).map(({ name }) => name)).toEqual(["a", "2 others"]);
});
