/** Milliseconds of a run as a function of its padded length, in tokens of text or frames of audio: `fixedMs + perUnitMs × paddedLength`. */
export interface CostEstimate {
  readonly fixedMs: number;
  readonly perUnitMs: number;
}

/**
 * Weight of the past at each observation: half of it is forgotten after about 70 runs, so that the model follows a
 * machine whose load changes.
 */
const forgetting = 0.99;

/** Weight of the prior, in runs: the first dozen outweigh it. */
const priorWeight = 1;

/** A run that took longer than this many times its prediction is counted as this many times: a pause is no trend. */
const outlierFactor = 4;

/** Predictions below this, in milliseconds, do not bound what is believed: near zero every run would be an outlier. */
const shortestMs = 1;

/** Lengths are scaled by this, so that both coefficients are of like size and the recursion is well conditioned. */
const lengthScale = 100;

/**
 * Learns what a run costs from the runs themselves: recursive least squares on two coefficients, with directional
 * forgetting (Cao and Schwartz, Automatica, 2000). Each run replaces old knowledge about runs of its own kind only: after
 * any number of runs of one size the model still follows a change at that size, and still knows the others.
 */
export class CostModel {
  /** Coefficients of [1, paddedLength / lengthScale], in milliseconds. Neither is negative. */
  #fixed: number;
  #slope: number;
  /** Information matrix [[a, b], [b, c]]: what the runs so far say of the coefficients. */
  #information = { a: priorWeight, b: 0, c: priorWeight };

  constructor(prior: CostEstimate) {
    this.#fixed = prior.fixedMs;
    this.#slope = prior.perUnitMs * lengthScale;
  }

  /** Never negative, whatever was observed. */
  get estimate(): CostEstimate {
    return { fixedMs: this.#fixed, perUnitMs: Math.max(1e-6, this.#slope / lengthScale) };
  }

  predictMs(paddedLength: number): number {
    const { fixedMs, perUnitMs } = this.estimate;
    return fixedMs + perUnitMs * paddedLength;
  }

  observe(paddedLength: number, observedMs: number): void {
    const x = paddedLength / lengthScale;
    const limitMs = outlierFactor * Math.max(shortestMs, this.predictMs(paddedLength));
    const error = Math.min(observedMs, limitMs) - (this.#fixed + this.#slope * x);
    const { a, b, c } = this.#learn(x);
    const determinant = a * c - b * b;
    this.#fixed += ((c - b * x) / determinant) * error;
    this.#slope += ((a * x - b) / determinant) * error;
    this.#keepPositive(x);
  }

  /** Forgets a share of what is known in the direction of [1, x], and adds one run there. */
  #learn(x: number): { readonly a: number; readonly b: number; readonly c: number } {
    const { a, b, c } = this.#information;
    const fixed = a + b * x;
    const slope = b + c * x;
    const share = (1 - forgetting) / (fixed + slope * x);
    this.#information = {
      a: a - share * fixed * fixed + 1,
      b: b - share * fixed * slope + x,
      c: c - share * slope * slope + x * x,
    };
    return this.#information;
  }

  /** Of the lines through the new prediction at x, the nearest without a negative coefficient. */
  #keepPositive(x: number): void {
    const predictedMs = Math.max(0, this.#fixed + this.#slope * x);
    if (this.#fixed < 0) {
      this.#fixed = 0;
      this.#slope = x === 0 ? 0 : predictedMs / x;
    } else if (this.#slope < 0) {
      this.#fixed = predictedMs;
      this.#slope = 0;
    }
  }
}
