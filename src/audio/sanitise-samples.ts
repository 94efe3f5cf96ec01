/** Makes decoded samples fit to compute with, in place: what is no number becomes silence, the rest is cut to -1 … 1. */
export function sanitiseSamples(samples: Float32Array): void {
  for (let at = 0; at < samples.length; at++) {
    // In range by the loop's condition.
    const sample = samples[at]!;
    if (!(sample >= -1 && sample <= 1)) {
      samples[at] = sample > 1 ? 1 : sample < -1 ? -1 : 0;
    }
  }
}
