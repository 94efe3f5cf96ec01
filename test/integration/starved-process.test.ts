import { execFileSync, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { setPriority } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { ProcessExitedError } from "../../src/processes/inference-process.ts";
import { longestWaitBetween, readProcessorWaits } from "../../src/processes/processor-waits.ts";
import { startFixture, startInference, textWindow } from "../helpers/fixture-process.ts";

const limitMs = 2000;

test("a run is not ended while its process is kept from the processors, and is answered when it no longer is", async () => {
  const process = startInference();
  await process.ready;
  const before = readProcessorWaits(process.pid);
  const release = starve(process.pid);
  const startedAt = performance.now();
  // Some tenths of a second of work, of which a starved process does a few per cent in its limit.
  const run = process.run(Array(12).fill(textWindow(...Array<number>(128).fill(33))), limitMs);
  await Promise.race([run, sleep(2 * limitMs)]);
  expect(process.isReady).toBe(true);
  expect(longestWaitBetween(before, readProcessorWaits(process.pid))).toBeGreaterThan(limitMs);
  release();
  expect((await run).outputs).toHaveLength(12);
  expect(performance.now() - startedAt).toBeGreaterThan(limitMs);
});

test("a process that hangs is ended, starved or not", async () => {
  const process = startFixture("hangs-in-native-code");
  await process.ready;
  const release = starve(process.pid);
  onTestFinished(release);
  await expect(process.run([textWindow(1)], 300)).rejects.toThrow(ProcessExitedError);
  expect((await process.exited).reason).toBe("no_progress");
});

/** Leaves it one processor, on which another program goes first. Ends that when it is called. */
function starve(pid: number): () => void {
  const [processor = "0"] =
    /^Cpus_allowed_list:\s*(\d+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.slice(1) ?? [];
  execFileSync("taskset", ["--all-tasks", "--cpu-list", "--pid", processor, `${pid}`], { stdio: "ignore" });
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    setPriority(Number(thread), 19);
  }
  const busy = spawn("taskset", ["--cpu-list", processor, "sh", "-c", "while :; do :; done"], { stdio: "ignore" });
  const release = (): void => {
    busy.kill("SIGKILL");
  };
  onTestFinished(release);
  return release;
}
