/** Milliseconds of a run as a function of its padded tokens: `fixedMs + perTokenMs × paddedTokens`. */
export interface CostEstimate {
  readonly fixedMs: number;
  readonly perTokenMs: number;
}

/**
 * Weight of the past at each observation: half of it is forgotten after about 70 runs, so that the model follows a
 * machine whose load changes.
 */
const forgetting = 0.99;

/** Uncertainty of the prior in its own units, squared: the first dozen runs outweigh it. */
const priorVariance = 1;

/** A run that took longer than this many times its prediction is counted as this many times: a pause is no trend. */
const outlierFactor = 4;

/** Tokens are scaled by this, so that both coefficients are of like size and the recursion is well conditioned. */
const tokenScale = 100;

/**
 * Learns what a run costs from the runs themselves: recursive least squares with exponential forgetting
 * (Ljung, System Identification, §11.2) on two coefficients.
 */
export class CostModel {
  /** Coefficients of [1, paddedTokens / tokenScale], in milliseconds. */
  #fixed: number;
  #slope: number;
  /** Covariance matrix [[a, b], [b, c]]. */
  #covariance = { a: priorVariance, b: 0, c: priorVariance };

  constructor(prior: CostEstimate) {
    this.#fixed = prior.fixedMs;
    this.#slope = prior.perTokenMs * tokenScale;
  }

  /** Never negative, whatever was observed. */
  get estimate(): CostEstimate {
    return { fixedMs: Math.max(0, this.#fixed), perTokenMs: Math.max(1e-6, this.#slope / tokenScale) };
  }

  predictMs(paddedTokens: number): number {
    const { fixedMs, perTokenMs } = this.estimate;
    return fixedMs + perTokenMs * paddedTokens;
  }

  observe(paddedTokens: number, observedMs: number): void {
    const x = paddedTokens / tokenScale;
    const target = Math.min(observedMs, outlierFactor * this.predictMs(paddedTokens));
    const { a, b, c } = this.#covariance;
    const gainFixed = a + b * x;
    const gainSlope = b + c * x;
    const denominator = forgetting + gainFixed + gainSlope * x;
    const error = target - (this.#fixed + this.#slope * x);
    this.#fixed += (gainFixed / denominator) * error;
    this.#slope += (gainSlope / denominator) * error;
    const updated = {
      a: a - (gainFixed * gainFixed) / denominator,
      b: b - (gainFixed * gainSlope) / denominator,
      c: c - (gainSlope * gainSlope) / denominator,
    };
    // Runs of one size for a long time say nothing of the other coefficient: its variance must not grow without end.
    const scale = Math.max(updated.a, updated.c) / forgetting > priorVariance ? 1 : 1 / forgetting;
    this.#covariance = { a: updated.a * scale, b: updated.b * scale, c: updated.c * scale };
  }
}
