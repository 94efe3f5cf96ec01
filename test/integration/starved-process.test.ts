import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { ProcessExitedError } from "../../src/processes/inference-process.ts";
import { ProcessorWaits, readThreadSchedules } from "../../src/processes/processor-waits.ts";
import { startFixture, startInference, textWindow } from "../helpers/fixture-process.ts";

const limitMs = 2000;

test("a run is not ended while its process is kept from the processors, and is answered when it no longer is", async () => {
  const process = startInference();
  await process.ready;
  const waits = new ProcessorWaits();
  waits.look(readThreadSchedules(process.pid), performance.now());
  const release = starve(process.pid);
  const startedAt = performance.now();
  // Some tenths of a second of work, of which a starved process does a few per cent in its limit.
  const run = process.run(Array(12).fill(textWindow(...Array<number>(128).fill(33))), limitMs);
  await Promise.race([run, sleep(2 * limitMs)]);
  expect(process.isReady).toBe(true);
  expect(waits.look(readThreadSchedules(process.pid), performance.now())).toBeGreaterThan(limitMs);
  release();
  expect((await run).outputs).toHaveLength(12);
  expect(performance.now() - startedAt).toBeGreaterThan(limitMs);
});

test("a process that hangs is ended, starved or not", async () => {
  const process = startFixture("hangs-in-native-code");
  await process.ready;
  starve(process.pid);
  await expect(process.run([textWindow(1)], 300)).rejects.toThrow(ProcessExitedError);
  expect((await process.exited).reason).toBe("no_progress");
});

/** Leaves it one processor, of which many other programs want their part. Ends that when it is called. */
function starve(pid: number): () => void {
  const allowed = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0";
  const [processor = "0"] = /^\d+/.exec(allowed) ?? [];
  const pin = (list: string): void => {
    execFileSync("taskset", ["--all-tasks", "--cpu-list", "--pid", list, `${pid}`], { stdio: "ignore" });
  };
  pin(processor);
  const spins = ["--cpu-list", processor, "sh", "-c", "while :; do :; done"];
  const others = Array.from({ length: 60 }, () => spawn("taskset", spins, { stdio: "ignore" }));
  const end = (): void => {
    for (const other of others) {
      other.kill("SIGKILL");
    }
  };
  onTestFinished(end);
  return () => {
    end();
    pin(allowed);
  };
}
