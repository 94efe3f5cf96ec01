import type { CanaryResult } from "../events.ts";

/** What is known of a model's answers; times in milliseconds on one clock. */
export interface AnswerEvidence {
  /** In which the model must have answered; see `ModelWatch.periodMs`. */
  readonly periodMs: number;
  /** A request or a canary was answered validly; null when that never happened. */
  readonly lastValidAt: number | null;
  /** Answers to requests that were none, since then. */
  readonly invalidAnswers: number;
  /** Of the last canary that said something of the model; null before the first. */
  readonly canary: Exclude<CanaryResult, "deferred"> | null;
  /** For how long work waits without a result; 0 without work. */
  readonly stalledMs: number;
  /** What is under way may be silent for as long; see `ModelInternals.longestStepMs`. */
  readonly longestStepMs: number;
  /** It is asked canaries. Without them, a silence says nothing. */
  readonly isAsked: boolean;
  /** When anything last moved in the queue. */
  readonly movedAt: number;
}

/**
 * So many periods without a valid answer among invalid ones are believed: the canary that is due after the first has come
 * to an end by then.
 */
const invalidPeriods = 15 / 8;

/**
 * Why the model does not count as answering, for the operator; empty when it does.
 *
 * A canary that failed is believed until one succeeds. Work that moves is a sign of life, whatever the load: requests that
 * miss their deadlines in a long queue make no model unready.
 */
export function judgeAnswers(evidence: AnswerEvidence, now: number): string {
  const { canary, invalidAnswers, isAsked, lastValidAt, longestStepMs, movedAt, periodMs, stalledMs } = evidence;
  if (canary !== null && canary !== "ok") {
    return canaryDetails[canary];
  }
  const limitMs = Math.max(periodMs, longestStepMs);
  if (stalledMs > limitMs) {
    return `work has waited for ${seconds(stalledMs)} without a result`;
  }
  if (lastValidAt === null) {
    const silence = isAsked ? "no answer of the model was checked yet" : "";
    return invalidAnswers > 0 ? "the model gave no valid answer" : silence;
  }
  if (invalidAnswers > 0 && now - lastValidAt > invalidPeriods * periodMs) {
    return `no answer was valid for ${seconds(now - lastValidAt)}`;
  }
  const silentMs = now - Math.max(lastValidAt, movedAt);
  return isAsked && silentMs > limitMs + periodMs ? `nothing was heard of the model for ${seconds(silentMs)}` : "";
}

const canaryDetails: Readonly<Record<Exclude<CanaryResult, "deferred" | "ok">, string>> = {
  mismatch: "the canary was answered with other results than expected",
  invalid: "the canary was answered with an invalid prediction",
  timeout: "the canary was not answered in time",
  crashed: "the canary's process ended",
  failed: "the canary failed",
};

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
