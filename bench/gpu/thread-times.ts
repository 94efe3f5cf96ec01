import { type ThreadTime, threadTimesOf } from "../process-facts.ts";
import type { Service } from "../service.ts";
import type { BusyShares } from "./name-limit.ts";

type ThreadPart = Exclude<keyof BusyShares, "gpu">;

/** Processor time of every thread that a classification may go through, by its id. */
export type ServiceTimes = ReadonlyMap<number, { readonly part: ThreadPart; readonly seconds: number }>;

/** As the kernel tells it now. */
export function serviceTimes(service: Pick<Service, "pid" | "inferencePids">): ServiceTimes {
  const own = threadTimesOf(service.pid).flatMap((thread) => {
    const part = partOfApi(service.pid, thread);
    return part === null ? [] : ([[thread.id, { part, seconds: thread.seconds }]] as const);
  });
  // The binding runs graphs in the thread that calls it; what it computes with further ones is no limit of its own.
  const children = service.inferencePids().flatMap((pid) =>
    threadTimesOf(pid)
      .filter(({ id }) => id === pid)
      .map(({ id, seconds }) => [id, { part: "inferenceProcess", seconds }] as const),
  );
  return new Map([...own, ...children]);
}

/** Of the busiest thread of each part. Threads that began or ended meanwhile do not count. */
export function busyShares(before: ServiceTimes, after: ServiceTimes, elapsedSeconds: number): BusyShares {
  const shares: Partial<Record<ThreadPart, number>> = {};
  for (const [id, { part, seconds }] of after) {
    const start = before.get(id);
    if (start !== undefined) {
      shares[part] = Math.max(shares[part] ?? 0, (seconds - start.seconds) / elapsedSeconds);
    }
  }
  return shares;
}

/** The text worker names its threads so. */
const textThreadName = "text";

function partOfApi(pid: number, { id, name }: ThreadTime): ThreadPart | null {
  if (id === pid) {
    return "eventLoop";
  }
  return name === textThreadName ? "textThread" : null;
}
