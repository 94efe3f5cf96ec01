import type { Step } from "./steps.ts";

/** How far a step is. */
export type Progress = "done" | "failed" | "interrupted" | "waiting";

/** A step that was cut off so often does not fit into a call. */
export const mostInterruptions = 2;

/** What is to be done next, or why nothing is. */
export type NextStep = { readonly step: Step } | { readonly ending: "complete" | "out of time" };

/**
 * The first step that is neither done nor failed and whose needs are met. One that was cut off goes last: it would take
 * the time of all others.
 * @param leftMs of this call.
 * @param leastMs that a step is begun with.
 */
export function nextStep(
  steps: readonly Step[],
  progressOf: (step: Step) => Progress,
  leftMs: number,
  leastMs: number,
): NextStep {
  const isDone = (name: string): boolean => steps.some((step) => step.name === name && progressOf(step) === "done");
  const open = steps.filter(({ needs }) => needs.every(isDone));
  const step =
    open.find((each) => progressOf(each) === "waiting") ?? open.find((each) => progressOf(each) === "interrupted");
  if (step === undefined) {
    return { ending: "complete" };
  }
  return leftMs < leastMs ? { ending: "out of time" } : { step };
}
