import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type CgroupMemory, readCgroupMemory } from "../../../src/processes/cgroup-memory.ts";
import { TemporaryFolder } from "../../helpers/temporary-folder.ts";

test("a container's own group has its limit, and its use without what the kernel can drop", () => {
  expect(read("0::/\n", { "": { max: "1000", current: "600", inactiveFile: 150 } })).toEqual({
    limitBytes: 1000,
    usedBytes: 450,
  });
});

test("of the groups around each other the one with the least room counts", () => {
  const groups = {
    "": { max: "10000", current: "9950", inactiveFile: 0 },
    "pods/": { max: "1000", current: "600", inactiveFile: 0 },
    "pods/one/": { max: "2000", current: "500", inactiveFile: 0 },
  };
  expect(read("1:cpu:/elsewhere\n0::/pods/one\n", groups)).toEqual({ limitBytes: 10_000, usedBytes: 9950 });
  expect(read("0::/pods/one\n", { ...groups, "": undefined })).toEqual({ limitBytes: 1000, usedBytes: 600 });
});

test("a group without a limit has none to run into", () => {
  expect(read("0::/\n", { "": { max: "max", current: "600", inactiveFile: 0 } })).toBeNull();
});

test("without cgroup v2 nothing is known", () => {
  expect(read("4:memory:/docker/1\n", { "": { max: "1000", current: "600", inactiveFile: 0 } })).toBeNull();
  expect(read("0::/gone\n", {})).toBeNull();
  expect(readCgroupMemory("/nowhere", "/nowhere/cgroup")).toBeNull();
});

interface Group {
  readonly max: string;
  readonly current: string;
  readonly inactiveFile: number;
}

function read(membership: string, groups: Readonly<Record<string, Group | undefined>>): CgroupMemory | null {
  using folder = new TemporaryFolder();
  const mount = join(folder.path, "mount");
  mkdirSync(mount);
  for (const [path, group] of Object.entries(groups)) {
    if (group !== undefined) {
      mkdirSync(join(mount, path), { recursive: true });
      writeFileSync(join(mount, path, "memory.max"), `${group.max}\n`);
      writeFileSync(join(mount, path, "memory.current"), `${group.current}\n`);
      writeFileSync(join(mount, path, "memory.stat"), `anon 1\ninactive_file ${group.inactiveFile}\nslab 2\n`);
    }
  }
  const file = join(folder.path, "cgroup");
  writeFileSync(file, membership);
  return readCgroupMemory(mount, file);
}
