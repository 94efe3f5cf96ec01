import { readFileSync } from "node:fs";

/** Pids of all processes that descend from this one, or from another. Empty where the kernel does not list them. */
export function childPids(pid: number = process.pid): number[] {
  const children = readChildren(pid);
  return children.flatMap((child) => [child, ...childPids(child)]);
}

function readChildren(pid: number): number[] {
  try {
    // Those that its first thread started: Node starts all from there.
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
  } catch {
    // It has ended, or the kernel was built without this list.
    return [];
  }
}
