import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout } from "node:timers/promises";

/** Whether the process runs. One that ended and was not reaped yet (a zombie) does not. */
export function isAlive(pid: number): boolean {
  const stat = readFile(pid, "stat");
  // The name, in parentheses, may hold anything; the state follows the last of them.
  return stat !== null && !["Z", "X"].includes(stat.slice(stat.lastIndexOf(")") + 2)[0] ?? "X");
}

/** Names of the environment that the process was started with. */
export function environmentNames(pid: number): string[] {
  const entries = (readFile(pid, "environ") ?? "").split("\0").filter((entry) => entry !== "");
  return entries.map((entry) => entry.slice(0, entry.indexOf("="))).toSorted();
}

/** Names of its threads, the first one's first. */
export function threadNames(pid: number): string[] {
  const threads = readdirSync(`/proc/${pid}/task`).toSorted((a, b) => Number(a) - Number(b));
  return threads.map((thread) => readFileSync(`/proc/${pid}/task/${thread}/comm`, "utf8").trim());
}

/** Where its open file descriptors lead: a path, or such as `socket:[4711]`. */
export function openFiles(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).map((descriptor) => readlinkSync(`/proc/${pid}/fd/${descriptor}`));
}

/** Nice value of its first thread. */
export function niceValue(pid: number): number {
  const stat = readFile(pid, "stat") ?? "";
  // proc(5): nice is field 19; the fields after the name begin with number 3.
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16]);
}

/** Pids of all processes that descend from it and have `part` in their command line. */
export function descendants(pid: number, part: string): number[] {
  const parents = new Map(
    readdirSync("/proc")
      .map(Number)
      .filter((each) => each > 0)
      .map((each) => [each, parentOf(each)]),
  );
  const descends = (each: number): boolean => {
    const parent = parents.get(each) ?? 0;
    return parent === pid || (parent > 1 && descends(parent));
  };
  return [...parents.keys()].filter((each) => descends(each) && (readFile(each, "cmdline") ?? "").includes(part));
}

/** The most resident memory that it has had so far, in MiB; 0 when it has ended. */
export function highestResidentMib(pid: number): number {
  return Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFile(pid, "status") ?? "")?.[1] ?? 0) / 1024;
}

/** Resolves when the condition holds; throws after 45 seconds, which only guards against waiting for ever. */
export async function waitUntil(condition: () => boolean, what: string): Promise<void> {
  const start = performance.now();
  while (!condition()) {
    if (performance.now() - start > 45_000) {
      throw new Error(`waited in vain until ${what}`);
    }
    await setTimeout(5);
  }
}

/** 0 when it is gone. */
function parentOf(pid: number): number {
  const stat = readFile(pid, "stat") ?? "";
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1] ?? 0);
}

function readFile(pid: number, name: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    // There is no such process any more.
    return null;
  }
}

/** SIGKILL to each that still runs: one may have ended with another. */
export function killAll(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) {
        throw error;
      }
    }
  }
}
