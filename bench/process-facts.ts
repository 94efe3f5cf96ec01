import { readdirSync, readFileSync } from "node:fs";

/** What the kernel says of processes, from `/proc`. */

/** Direct children of a process. */
export function childrenOf(pid: number): number[] {
  return threadsOf(pid).flatMap((thread) => pidsIn(`/proc/${pid}/task/${thread}/children`));
}

/** All processes below a process. */
export function descendantsOf(pid: number): number[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)]);
}

/** Whether it runs or can run again: false when it has ended, reaped or not. */
export function isAlive(pid: number): boolean {
  const fields = statFields(pid);
  return fields !== null && fields[0] !== "Z" && fields[0] !== "X";
}

/** User and system time used so far, in seconds; 0 when it has ended. */
export function cpuSeconds(pid: number): number {
  const fields = statFields(pid);
  return fields === null ? 0 : secondsIn(fields);
}

export interface ThreadTime {
  readonly id: number;
  /** As its program named it. */
  readonly name: string;
  /** User and system time so far. */
  readonly seconds: number;
}

/** Of each thread of a process that lives; the first one has the id of the process. */
export function threadTimesOf(pid: number): ThreadTime[] {
  return threadsOf(pid).flatMap((thread) => {
    const stat = read(`/proc/${pid}/task/${thread}/stat`);
    if (stat === null) {
      return [];
    }
    const name = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
    return [{ id: Number(thread), name, seconds: secondsIn(fieldsOf(stat)) }];
  });
}

/** User and system time of a process and all below it, those that have ended and were waited for included, in seconds. */
export function treeCpuSeconds(pid: number): number {
  return [pid, ...descendantsOf(pid)].reduce((total, each) => {
    const [user, system, childrenUser, childrenSystem] = (statFields(each) ?? []).slice(11, 15).map(Number);
    const ticks = (user ?? 0) + (system ?? 0) + (childrenUser ?? 0) + (childrenSystem ?? 0);
    return total + ticks / clockTicksPerSecond;
  }, 0);
}

/** Resident memory in MiB; 0 when it has ended. */
export function residentMib(pid: number): number {
  const status = read(`/proc/${pid}/status`) ?? "";
  return Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024;
}

/** Memory in MiB, where what several processes share counts in parts; 0 when it has ended. */
export function proportionalMib(pid: number): number {
  const summary = read(`/proc/${pid}/smaps_rollup`) ?? "";
  return Number(/^Pss:\s*(\d+) kB$/m.exec(summary)?.[1] ?? 0) / 1024;
}

/** TCP connections over IPv4 that are open at a local port. */
export function establishedConnections(port: number): number {
  const local = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const established = "01";
  return (read("/proc/net/tcp") ?? "").split("\n").filter((line) => {
    const [, address, , state] = line.trim().split(/\s+/);
    return address?.endsWith(local) === true && state === established;
  }).length;
}

/** The command line, its words separated by spaces. */
export function commandLine(pid: number): string {
  return (read(`/proc/${pid}/cmdline`) ?? "").replaceAll("\0", " ").trim();
}

/** USER_HZ, which is 100 on every Linux that Node runs on. */
const clockTicksPerSecond = 100;

function statFields(pid: number): string[] | null {
  const stat = read(`/proc/${pid}/stat`);
  return stat === null ? null : fieldsOf(stat);
}

/** Fields of a `stat` of `/proc` from the third (state) on: the second, a name, may hold spaces. */
function fieldsOf(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

/** User and system time of a thread or process, from the fields of its `stat`. */
function secondsIn(fields: readonly string[]): number {
  return (Number(fields[11]) + Number(fields[12])) / clockTicksPerSecond;
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    // It has ended.
    return [];
  }
}

function pidsIn(file: string): number[] {
  return (read(file) ?? "").split(" ").filter(Boolean).map(Number);
}

function read(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // It has ended.
    return null;
  }
}
