import { readdirSync, readFileSync } from "node:fs";

/** What the kernel says of a thread. */
export interface ThreadSchedule {
  /** How long it waited for a processor since it began, in milliseconds. A wait counts when it is over. */
  readonly waitedMs: number;
  /** How long it ran on one, in milliseconds. */
  readonly ranMs: number;
  /** It runs, or waits for a processor. */
  readonly isRunnable: boolean;
}

/** By the id of each thread. */
export type ThreadSchedules = ReadonlyMap<string, ThreadSchedule>;

/** As the kernel counts it now; empty when the process is gone, or the kernel does not count (CONFIG_SCHED_INFO). */
export function readThreadSchedules(pid: number): ThreadSchedules {
  const schedules = new Map<string, ThreadSchedule>();
  const threads = `/proc/${pid}/task`;
  try {
    for (const thread of readdirSync(threads)) {
      // Nanoseconds on a processor and on its queue (Documentation/scheduler/sched-stats.rst of Linux).
      const [ran = 0, waited = 0] = readFileSync(`${threads}/${thread}/schedstat`, "utf8").split(" ").map(Number);
      const stat = readFileSync(`${threads}/${thread}/stat`, "utf8");
      const isRunnable = stat.charAt(stat.lastIndexOf(")") + 2) === "R";
      schedules.set(thread, { waitedMs: waited / 1e6, ranMs: ran / 1e6, isRunnable });
    }
  } catch {
    // What was read so far has to do: a thread that is missing has not waited, as far as anybody knows.
  }
  return schedules;
}

interface FollowedThread {
  readonly firstWaitedMs: number;
  readonly schedule: ThreadSchedule;
  /** Of the look that found it anew on a processor or asleep, on the clock of `performance.now()`. */
  readonly changedAt: number;
}

/** Follows how long the threads of a process wait for a processor, from the first look on. */
export class ProcessorWaits {
  #threads: ReadonlyMap<string, FollowedThread> = new Map();

  /** @returns The longest wait of one thread so far, in milliseconds; a wait that is under way may lack the part before the last look. */
  look(schedules: ThreadSchedules, now: number): number {
    const threads = new Map<string, FollowedThread>();
    let longestMs = 0;
    for (const [id, schedule] of schedules) {
      const before = this.#threads.get(id);
      const { waitedMs, ranMs, isRunnable } = schedule;
      const firstWaitedMs = before?.firstWaitedMs ?? waitedMs;
      // It has not run since, and wants to: it waits all the time.
      const isWaiting = isRunnable && before?.schedule.isRunnable === true && before.schedule.ranMs === ranMs;
      const changedAt = isWaiting ? before.changedAt : now;
      threads.set(id, { firstWaitedMs, schedule, changedAt });
      longestMs = Math.max(longestMs, waitedMs - firstWaitedMs + now - changedAt);
    }
    this.#threads = threads;
    return longestMs;
  }
}
