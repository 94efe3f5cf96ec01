import { readdirSync, readFileSync } from "node:fs";

/** How long each thread of a process has waited for a processor since it began, in milliseconds, by its id. */
export type ProcessorWaits = ReadonlyMap<string, number>;

/** As the kernel counts it now; empty when the process is gone, or the kernel does not count (CONFIG_SCHED_INFO). */
export function readProcessorWaits(pid: number): ProcessorWaits {
  const waits = new Map<string, number>();
  const threads = `/proc/${pid}/task`;
  try {
    for (const thread of readdirSync(threads)) {
      waits.set(thread, waitOf(readFileSync(`${threads}/${thread}/schedstat`, "utf8")));
    }
  } catch {
    // What was read so far has to do: a thread that is missing has not waited, as far as anybody knows.
  }
  return waits;
}

/** The longest wait of a thread that lived from the one look to the other, in milliseconds. */
export function longestWaitBetween(before: ProcessorWaits, after: ProcessorWaits): number {
  let longestMs = 0;
  for (const [thread, waitedMs] of after) {
    longestMs = Math.max(longestMs, waitedMs - (before.get(thread) ?? waitedMs));
  }
  return longestMs;
}

/** The second field: nanoseconds on the run queue (Documentation/scheduler/sched-stats.rst of Linux). */
function waitOf(schedstat: string): number {
  return Number(schedstat.split(" ")[1] ?? 0) / 1e6;
}
