import { expect, test } from "vitest";
import { runStep } from "../../../../tools/gpu-bench/run-step.ts";
import type { Command, Step } from "../../../../tools/gpu-bench/steps.ts";

const limitMs = 60_000;
const quiet = (): void => {};

function script(code: string): Command {
  return { words: [process.execPath, "-e", code] };
}

function step(chains: readonly (readonly Command[])[], isBenchmark = true): Step {
  return { name: "tried", needs: [], chains, isBenchmark };
}

test("what a benchmark prints is kept, also when it judges its figures worthless", async () => {
  const worthless = script('console.log("{}"); process.exitCode = 1');
  expect(await runStep(step([[worthless]]), limitMs, quiet)).toEqual({ kind: "done", output: "{}\n" });
});

test("a command that fails ends its chain, and says why", async () => {
  const failing = script('console.error("no room"); process.exitCode = 1');
  const end = await runStep(step([[failing, script('console.log("{}")')]], false), limitMs, quiet);
  expect(end).toMatchObject({ kind: "failed", reason: expect.stringContaining("no room") });
});

test("a program that is not there is a failure", async () => {
  expect(await runStep(step([[{ words: ["/nowhere/python"] }]]), limitMs, quiet)).toMatchObject({ kind: "failed" });
});

test("what still runs at the limit is cut off", async () => {
  expect(await runStep(step([[script("setInterval(() => {}, 1000)")]]), 500, quiet)).toEqual({ kind: "cut off" });
});
