import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { MachineWatch } from "../../../src/health/machine-watch.ts";
import { probeSpool } from "../../../src/health/spool-probe.ts";
import { strictEventBus } from "../../helpers/event-bus.ts";
import { TemporaryFolder } from "../../helpers/temporary-folder.ts";

test("a disk with room for uploads is well once they are taken, and one with too little says how much it has", async () => {
  const settings = { periodMs: 10_000, maxRestartsPerMinute: 10, maxEventLoopDelayMs: 250, minSpoolFreeBytes: 1 };
  let takesUploads = false;
  const machine = new MachineWatch({
    settings: () => settings,
    modelPids: () => new Map(),
    modelFolders: () => [],
    takesUploads: () => takesUploads,
    events: strictEventBus(),
  });
  expect(machine.spoolDetail()).toBe("");
  await machine.collect();
  expect(machine.spool.latest().facts).toBeNull();
  takesUploads = true;
  await machine.collect();
  expect(machine.spool.latest().facts).not.toBeNull();
  expect(machine.spoolDetail()).toBe("");
  settings.minSpoolFreeBytes = Number.MAX_SAFE_INTEGER;
  expect(machine.spoolDetail()).toMatch(/^the disk for uploads has \d+ bytes left of the 9007199254740991/);
});

test("the probe writes, and leaves nothing behind", async () => {
  using folder = new TemporaryFolder();
  const { writeProblem, freeBytes, totalBytes } = await probeSpool(folder.path);
  expect(writeProblem).toBeNull();
  expect(readdirSync(folder.path)).toEqual([]);
  expect(totalBytes).toBeGreaterThanOrEqual(freeBytes);
});

test("a folder that is not there is an error of the probe", async () => {
  await expect(probeSpool("/nowhere/at/all")).rejects.toThrow("ENOENT");
});
