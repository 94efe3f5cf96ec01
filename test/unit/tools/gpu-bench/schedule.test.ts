import { expect, test } from "vitest";
import { nextStep, type Progress } from "../../../../tools/gpu-bench/schedule.ts";
import { type Step, stepsOf } from "../../../../tools/gpu-bench/steps.ts";

const least = 15_000;
const plenty = 500_000;

function step(name: string, ...needs: string[]): Step {
  return { name, needs, chains: [], isBenchmark: true };
}

const steps = [step("models"), step("one", "models"), step("two", "models")];

function next(progress: Readonly<Record<string, Progress>>, leftMs = plenty): string {
  const result = nextStep(steps, ({ name }) => progress[name] ?? "waiting", leftMs, least);
  return "step" in result ? result.step.name : result.ending;
}

test("steps come in their order, each once", () => {
  expect(next({})).toBe("models");
  expect(next({ models: "done" })).toBe("one");
  expect(next({ models: "done", one: "done" })).toBe("two");
  expect(next({ models: "done", one: "done", two: "done" })).toBe("complete");
});

test("a step that failed is not tried again, and does not keep others from their turn", () => {
  expect(next({ models: "done", one: "failed" })).toBe("two");
});

test("without what they need, steps are left out", () => {
  expect(next({ models: "failed" })).toBe("complete");
});

test("a step that was cut off comes after all others", () => {
  expect(next({ models: "done", one: "interrupted" })).toBe("two");
  expect(next({ models: "done", one: "interrupted", two: "done" })).toBe("one");
});

test("no step is begun that would only be cut off", () => {
  expect(next({ models: "done" }, least - 1)).toBe("out of time");
  expect(next({ models: "done", one: "done", two: "done" }, 0)).toBe("complete");
});

test("every step needs only steps that come before it, and no two have one name", () => {
  const work = "/w";
  const all = stepsOf({ work, node: "node", python: "python", root: "/r", size: "full", peerCaches: "dynamic" });
  const names = all.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const [index, { needs }] of all.entries()) {
    expect(names.slice(0, index)).toEqual(expect.arrayContaining([...needs]));
  }
});
