import type { RunTiming } from "../processes/protocol.ts";
import type { TimedRun } from "./plugin.ts";

/** The fastest counts: what else the machine does makes runs slower only. */
const mostRuns = 5;
/** A device that is as slow as a CPU is not waited for longer than that, in milliseconds. */
const enoughMs = 1_000;

/** Runs it until the fastest is known well enough; the first run, which allocates memory, is not counted. */
export async function timeRuns({ weights, tokens, run }: TimedRun, clock: () => number): Promise<RunTiming> {
  const startedAt = clock();
  await run();
  let milliseconds = Number.POSITIVE_INFINITY;
  for (let runs = 0; runs === 0 || (runs < mostRuns && clock() - startedAt < enoughMs); runs++) {
    const before = clock();
    await run();
    milliseconds = Math.min(milliseconds, clock() - before);
  }
  return { weights, tokens, milliseconds };
}
