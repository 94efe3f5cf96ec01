import fc from "fast-check";
import { expect, test } from "vitest";
import { planProcesses } from "../../../src/processes/process-plan.ts";

test("at the start the instances come first, no spare", () => {
  expect(plan({})).toEqual({ promote: 0, start: 2 });
});

test("processes that are starting are not started again", () => {
  expect(plan({ starting: 2 })).toEqual({ promote: 0, start: 0 });
  expect(plan({ starting: 1 })).toEqual({ promote: 0, start: 1 });
});

test("when every instance runs, the spare is started", () => {
  expect(plan({ active: 2 })).toEqual({ promote: 0, start: 1 });
  expect(plan({ active: 2, starting: 1 })).toEqual({ promote: 0, start: 0 });
  expect(plan({ active: 2, spares: 1 })).toEqual({ promote: 0, start: 0 });
});

test("a spare replaces a missing instance, and a new spare is started", () => {
  expect(plan({ active: 1, spares: 1 })).toEqual({ promote: 1, start: 1 });
});

test("no spare is started while an instance is missing", () => {
  expect(plan({ active: 0, spares: 1 })).toEqual({ promote: 1, start: 1 });
});

test("a model without spares starts what died again", () => {
  expect(plan({ wantedSpares: 0, active: 1 })).toEqual({ promote: 0, start: 1 });
});

test("while a process leaves, a missing instance is started, but no spare", () => {
  expect(plan({ active: 1, leaving: 1 })).toEqual({ promote: 0, start: 1 });
  expect(plan({ active: 1, spares: 1, leaving: 1 })).toEqual({ promote: 1, start: 0 });
  expect(plan({ active: 2, leaving: 1 })).toEqual({ promote: 0, start: 0 });
});

test("following the plan, every model ends with what is wanted, and never has more", () => {
  const wanted = { wantedActive: fc.integer({ min: 1, max: 16 }), wantedSpares: fc.integer({ min: 0, max: 8 }) };
  fc.assert(
    fc.property(fc.record(wanted), fc.nat(16), fc.nat(8), ({ wantedActive, wantedSpares }, actives, spareCount) => {
      let counts = {
        active: Math.min(actives, wantedActive),
        spares: Math.min(spareCount, wantedSpares),
        starting: 0,
        leaving: 0,
      };
      // Twice: instances first, spares when they run.
      for (let round = 0; round < 2; round++) {
        const { promote, start } = planProcesses({ wantedActive, wantedSpares, ...counts });
        const active = counts.active + promote;
        const becomeActive = Math.min(start, wantedActive - active);
        counts = {
          active: active + becomeActive,
          spares: counts.spares - promote + start - becomeActive,
          starting: 0,
          leaving: 0,
        };
        expect(counts.active + counts.spares).toBeLessThanOrEqual(wantedActive + wantedSpares);
      }
      expect(counts).toEqual({ active: wantedActive, spares: wantedSpares, starting: 0, leaving: 0 });
    }),
  );
});

function plan(changes: Partial<Parameters<typeof planProcesses>[0]>): ReturnType<typeof planProcesses> {
  return planProcesses({ wantedActive: 2, wantedSpares: 1, active: 0, spares: 0, starting: 0, leaving: 0, ...changes });
}
