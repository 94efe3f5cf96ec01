import { readdirSync, readFileSync } from "node:fs";

/** Pids of the processes that this one started and that run. */
export function childProcesses(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => isOurChild(pid));
}

function isOurChild(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // proc(5): behind the name, in parentheses, come the state and the parent's pid.
    const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return Number(parent) === process.pid && state !== "Z";
  } catch {
    // It has ended meanwhile.
    return false;
  }
}
