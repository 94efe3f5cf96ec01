import { z } from "zod";
import type { ServiceError } from "../errors.ts";
import { invalidPrediction } from "./invalid-prediction.ts";

export interface LabelScore {
  readonly label: string;
  /** 0–1. */
  readonly score: number;
}

const scoresSchema = z.array(z.number().min(0).max(1));

/** How far the scores of one window may be from 1 together: float32 rounding stays far below it. */
const sumTolerance = 1e-3;

/** Logits that an error names, so that a model of the wrong shape does not write a log line of megabytes. */
const maxLoggedLogits = 16;

/**
 * Turns a row of logits into scores by softmax, and refuses what is no probability distribution over the labels.
 * @throws ServiceError `invalid_prediction`; the numbers are among its facts.
 */
export function toLabelScores(logits: Float32Array, labels: readonly string[]): LabelScore[] {
  if (logits.length !== labels.length || !logits.every(Number.isFinite)) {
    throw refusal(logits, labels);
  }
  const scores = softmax(logits);
  const sum = scores.reduce((total, score) => total + score, 0);
  if (!scoresSchema.safeParse(scores).success || Math.abs(sum - 1) > sumTolerance) {
    throw refusal(logits, labels);
  }
  return labels.map((label, index) => ({ label, score: scores[index] ?? 0 }));
}

function refusal(logits: Float32Array, labels: readonly string[]): ServiceError {
  return invalidPrediction({
    // Strings, because JSON has neither NaN nor Infinity.
    logits: Array.from(logits.subarray(0, maxLoggedLogits), String),
    outputs: logits.length,
    labels: labels.length,
  });
}

/** Shifted by the maximum, so that no exponent overflows. */
function softmax(logits: Float32Array): number[] {
  const highest = Math.max(...logits);
  const exponentials = Array.from(logits, (logit) => Math.exp(logit - highest));
  const sum = exponentials.reduce((total, each) => total + each, 0);
  return exponentials.map((each) => each / sum);
}
