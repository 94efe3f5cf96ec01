import type { FallbackStep } from "../events.ts";

/** How little a window has come down to: a part of a batch, half of one, a run of its own, or the CPU. */
export type Rung = "batch" | Exclude<FallbackStep, "failed">;

/** Half of fewer is a single window. */
const smallestSplit = 4;

/**
 * What a window tries next whose run had too little memory. Each step leads further down, so it ends after four runs.
 *
 * batch → half → single → cpu → failed. A window that was alone already goes on from there.
 *
 * @param run so many windows; `wasShared` says that the instance worked on another run beside it.
 * @param mayUseCpu the model computes elsewhere and may fall back.
 */
export function nextStep(
  rung: Rung,
  run: { readonly windows: number; readonly wasShared: boolean },
  mayUseCpu: boolean,
): FallbackStep {
  if (rung === "cpu") {
    return "failed";
  }
  if (rung === "single" || (run.windows === 1 && !run.wasShared)) {
    return mayUseCpu ? "cpu" : "failed";
  }
  return rung === "batch" && run.windows >= smallestSplit ? "half" : "single";
}
