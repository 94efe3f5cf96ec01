import { execFileSync } from "node:child_process";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { fromMonotonic, monotonicMs } from "../../../src/processes/monotonic-clock.ts";

test("another process tells the same time", () => {
  const program = `import { monotonicMs } from "./src/processes/monotonic-clock.ts"; console.log(monotonicMs());`;
  const cwd = resolve(import.meta.dirname, "../../..");
  const before = monotonicMs();
  const there = Number(execFileSync(process.execPath, ["--input-type=module", "--eval", program], { cwd }).toString());
  expect(there).toBeGreaterThan(before);
  expect(there).toBeLessThan(monotonicMs());
});

test("a moment is the same moment on this process's own clock", () => {
  const before = performance.now();
  const moment = fromMonotonic(monotonicMs());
  // A pause between two readings moves both bounds along; what is left is rounding.
  expect(moment).toBeGreaterThan(before - 0.01);
  expect(moment).toBeLessThan(performance.now() + 0.01);
});
