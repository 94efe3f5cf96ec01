import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { readProcessMemory } from "../../../src/processes/process-memory.ts";

const mebibyte = 1024 * 1024;

test("memory that a process fills is its own, and is resident", async () => {
  // A process of its own: the memory of this one depends on what ran in it before.
  const program = `const filled = Buffer.alloc(${256 * mebibyte}, 1); process.send("filled"); setInterval(() => filled, 1e6);`;
  const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child, "message");
  const memory = readProcessMemory(child.pid ?? -1);
  expect(memory?.anonymousBytes).toBeGreaterThan(256 * mebibyte);
  expect(memory?.anonymousBytes).toBeLessThan(512 * mebibyte);
  expect(memory?.residentBytes).toBeGreaterThan(memory?.anonymousBytes ?? 0);
});

test("of a process that has ended nothing is known", () => {
  const { pid } = spawnSync(process.execPath, ["--version"]);
  expect(readProcessMemory(pid)).toBeNull();
});
