import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { readProcessMemory } from "../../../src/processes/process-memory.ts";

const mebibyte = 1024 * 1024;

test("memory that a process fills is its own, and is resident", () => {
  const before = readProcessMemory(process.pid);
  const filled = Buffer.alloc(64 * mebibyte, 1);
  const after = readProcessMemory(process.pid);
  expect(before).not.toBeNull();
  expect((after?.anonymousBytes ?? 0) - (before?.anonymousBytes ?? 0)).toBeGreaterThan(48 * mebibyte);
  expect(after?.residentBytes ?? 0).toBeGreaterThan(after?.anonymousBytes ?? 0);
  expect(filled).toHaveLength(64 * mebibyte);
});

test("of a process that has ended nothing is known", () => {
  const { pid } = spawnSync(process.execPath, ["--version"]);
  expect(readProcessMemory(pid)).toBeNull();
});
