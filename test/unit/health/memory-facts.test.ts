import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readHostMemory } from "../../../src/health/host-memory.ts";
import { minimalMemoryFacts, readMemoryFacts } from "../../../src/health/memory-facts.ts";
import { TemporaryFolder } from "../../helpers/temporary-folder.ts";

test("of the host total and available memory are told, in bytes", async () => {
  using folder = new TemporaryFolder();
  const file = join(folder.path, "meminfo");
  writeFileSync(file, "MemTotal:       24684096 kB\nMemFree:         100 kB\nMemAvailable:   22579280 kB\n");
  expect(await readHostMemory(file)).toEqual({ totalBytes: 24_684_096 * 1024, availableBytes: 22_579_280 * 1024 });
  writeFileSync(file, "MemTotal:       24684096 kB\n");
  await expect(readHostMemory(file)).rejects.toThrow("MemAvailable");
});

test("every child is told, and of those that run a model, which", async () => {
  const { pid, kill } = startSleep();
  const facts = await readMemoryFacts(new Map([[process.pid, "small"]]));
  kill();
  expect(facts.children).toContainEqual(
    expect.objectContaining({ pid, model: null, residentBytes: expect.any(Number) }),
  );
  expect(facts.children).toContainEqual(expect.objectContaining({ pid: process.pid, model: "small" }));
  expect(facts.service?.residentBytes).toBeGreaterThan(1_000_000);
  expect(facts.host.totalBytes).toBeGreaterThan(facts.host.availableBytes);
});

test("what Node knows by itself is told when nothing else can be", () => {
  expect(minimalMemoryFacts()).toMatchObject({ cgroup: null, service: null, children: [] });
  expect(minimalMemoryFacts().host.totalBytes).toBeGreaterThan(0);
});

function startSleep(): { readonly pid: number | undefined; readonly kill: () => void } {
  const child = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60_000)"], { stdio: "ignore" });
  return { pid: child.pid, kill: () => void child.kill("SIGKILL") };
}
