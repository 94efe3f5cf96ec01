import fc from "fast-check";
import { expect, test } from "vitest";
import { nextStep, type Rung } from "../../../src/scheduler/fallback-ladder.ts";

const alone = { windows: 1, wasShared: false };

test("a large batch goes on in halves, then each window alone, then on the CPU, then it fails", () => {
  expect(nextStep("batch", { windows: 32, wasShared: false }, true)).toBe("half");
  expect(nextStep("half", { windows: 16, wasShared: false }, true)).toBe("single");
  expect(nextStep("single", alone, true)).toBe("cpu");
  expect(nextStep("cpu", alone, true)).toBe("failed");
});

test("half of two or three windows is a window alone", () => {
  expect([2, 3, 4].map((windows) => nextStep("batch", { windows, wasShared: false }, true))).toEqual([
    "single",
    "single",
    "half",
  ]);
});

test("a window that was alone already goes to the CPU, unless another run shared its instance", () => {
  expect(nextStep("batch", alone, true)).toBe("cpu");
  expect(nextStep("half", alone, true)).toBe("cpu");
  expect(nextStep("batch", { windows: 1, wasShared: true }, true)).toBe("single");
});

test("where there is no CPU to fall back to, a window that was alone fails", () => {
  expect(nextStep("batch", alone, false)).toBe("failed");
  expect(nextStep("single", alone, false)).toBe("failed");
});

test("whatever runs a window is in, it fails after four that had too little memory, and never climbs", () => {
  const run = fc.record({ windows: fc.integer({ min: 1, max: 64 }), wasShared: fc.boolean() });
  const order = ["batch", "half", "single", "cpu", "failed"];
  fc.assert(
    fc.property(fc.array(run, { minLength: 4, maxLength: 4 }), fc.boolean(), (runs, mayUseCpu) => {
      let rung: Rung = "batch";
      for (const each of runs) {
        const step = nextStep(rung, each, mayUseCpu);
        expect(order.indexOf(step)).toBeGreaterThan(order.indexOf(rung));
        if (step === "failed") {
          return;
        }
        expect(step === "cpu" && !mayUseCpu).toBe(false);
        rung = step;
      }
      expect.unreachable("the window was tried a fifth time");
    }),
  );
});
