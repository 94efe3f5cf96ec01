import { expect, test } from "vitest";
import { runStep } from "../../../../tools/gpu-bench/run-step.ts";
import type { Command, Step } from "../../../../tools/gpu-bench/steps.ts";
import { isAlive, waitUntil } from "../../../helpers/process-facts.ts";

const noEnd = new AbortController().signal;
const quiet = (): void => {};

function script(code: string): Command {
  return { words: [process.execPath, "-e", code] };
}

function step(chains: readonly (readonly Command[])[], isBenchmark = true): Step {
  return { name: "tried", needs: [], chains, isBenchmark };
}

test("what a benchmark prints is kept, also when it judges its figures worthless", async () => {
  const worthless = script('console.log("{}"); process.exitCode = 1');
  expect(await runStep(step([[worthless]]), noEnd, quiet)).toEqual({ kind: "done", output: "{}\n" });
});

test("a command that fails ends its chain, and says why", async () => {
  const failing = script('console.error("no room"); process.exitCode = 1');
  const end = await runStep(step([[failing, script('console.log("{}")')]], false), noEnd, quiet);
  expect(end).toMatchObject({ kind: "failed", reason: expect.stringContaining("no room") });
});

test("a program that is not there is a failure", async () => {
  expect(await runStep(step([[{ words: ["/nowhere/python"] }]]), noEnd, quiet)).toMatchObject({ kind: "failed" });
});

test("what still runs at the end of the time is cut off, with all that it started", async () => {
  const end = new AbortController();
  const child = 'require("node:child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]).pid';
  const parent = script(`console.error("started " + ${child}); setInterval(() => {}, 1000);`);
  let pid = 0;
  const outcome = await runStep(step([[parent]]), end.signal, (text) => {
    pid = Number(/started (\d+)/.exec(text)?.[1]);
    end.abort();
  });
  expect(outcome).toEqual({ kind: "cut off" });
  await waitUntil(() => !isAlive(pid), "the process that it started has ended");
});
