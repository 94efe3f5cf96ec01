import fc from "fast-check";
import { expect, test } from "vitest";
import { automaticLimit } from "../../../src/processes/memory-limits.ts";

const gibibyte = 1024 ** 3;
const small = { graphBytes: 0.25 * gibibyte, processes: 2 };
const large = { graphBytes: 2.75 * gibibyte, processes: 1 };

test("each process has its part, by size, of four fifths of the machine", () => {
  // Weights of 0.5, 0.5 and 3 GiB.
  expect(automaticLimit(small, [small, large], 40 * gibibyte)).toBe(4 * gibibyte);
  expect(automaticLimit(large, [small, large], 40 * gibibyte)).toBe(24 * gibibyte);
});

test("on a machine that is too small for its models, no limit is below what a sound process needs", () => {
  expect(automaticLimit(large, [small, large], gibibyte)).toBe((3 * 2.75 + 0.5) * gibibyte);
});

test("where there is enough, the limits of all processes together are four fifths of the machine", () => {
  const need = fc.record({
    graphBytes: fc.integer({ min: 0, max: 4 * gibibyte }),
    processes: fc.integer({ min: 1, max: 8 }),
  });
  fc.assert(
    fc.property(fc.array(need, { minLength: 1, maxLength: 6 }), (needs) => {
      const machineBytes = 4096 * gibibyte;
      const total = needs.reduce((sum, each) => sum + each.processes * automaticLimit(each, needs, machineBytes), 0);
      expect(total / machineBytes).toBeCloseTo(0.8, 9);
    }),
  );
});
