import type { RunTiming, TimingOrder } from "../processes/protocol.ts";
import type { LoadedModel, TimedRun } from "./plugin.ts";
import { classifyRunFailure } from "./run-failure.ts";

/** The fastest counts: what else the machine does makes runs slower only. */
const mostRuns = 5;
/** A device that is as slow as a CPU is not waited for longer than that, in milliseconds. */
const enoughMs = 1_000;

/**
 * Times the run that the model makes of the order. One for which there is no memory after all, or of which the model's
 * settings do not tell the size, condemns no device: what clients ask for may be computed all the same.
 * @returns null when nothing was timed.
 * @throws what a run throws that lost its device.
 */
export async function timeModel(
  model: Pick<LoadedModel, "timedRun">,
  order: TimingOrder,
  clock: () => number,
): Promise<RunTiming | null> {
  try {
    const timed = await model.timedRun?.(order);
    return timed === undefined ? null : await timeRuns(timed, clock);
  } catch (error) {
    if (classifyRunFailure(error) === "device_lost") {
      throw error;
    }
    // On standard error: the service logs what its children say there.
    process.stderr.write(`the speed of the device is unknown: ${error instanceof Error ? error.message : "no run"}\n`);
    return null;
  }
}

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
