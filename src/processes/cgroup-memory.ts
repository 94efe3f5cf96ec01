import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Memory of the control group that this process and its children are in. */
export interface CgroupMemory {
  /** Without the file pages that the kernel drops when it needs room. */
  readonly usedBytes: number;
  /** Where the kernel begins to kill. */
  readonly limitBytes: number;
}

/**
 * Of this process's group and those around it, the one with the least room left. Null where none has a limit, and
 * without cgroup v2.
 */
export function readCgroupMemory(mount = "/sys/fs/cgroup", membership = "/proc/self/cgroup"): CgroupMemory | null {
  // cgroups(7): the line of version 2 is "0::" and the path below the mount.
  const path = /^0::(\/.*)$/m.exec(readText(membership) ?? "")?.[1];
  let tightest: CgroupMemory | null = null;
  for (let group = path; group !== undefined; group = group === "/" ? undefined : dirname(group)) {
    const memory = readGroup(join(mount, group));
    if (memory !== null && (tightest === null || roomOf(memory) < roomOf(tightest))) {
      tightest = memory;
    }
  }
  return tightest;
}

function roomOf({ limitBytes, usedBytes }: CgroupMemory): number {
  return limitBytes - usedBytes;
}

function readGroup(folder: string): CgroupMemory | null {
  const limitBytes = wholeNumber(readText(join(folder, "memory.max")));
  const currentBytes = wholeNumber(readText(join(folder, "memory.current")));
  if (limitBytes === null || currentBytes === null) {
    return null;
  }
  const stat = readText(join(folder, "memory.stat")) ?? "";
  const inactiveFileBytes = Number(/^inactive_file (\d+)$/m.exec(stat)?.[1] ?? 0);
  return { limitBytes, usedBytes: Math.max(0, currentBytes - inactiveFileBytes) };
}

/** Null for "max", which is no limit, and for a file that is not there. */
function wholeNumber(text: string | null): number | null {
  return text !== null && /^\d+$/.test(text.trim()) ? Number(text) : null;
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // Another version of cgroups, a group without this controller, or the root, which has no limit.
    return null;
  }
}
