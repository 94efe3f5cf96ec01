/** Lowest value of a log-mel spectrogram in Whisper's scale, (log10 + 4) / 4: that of a power of 1e-10. */
const floor = -1.5;
/** How far below its highest value a spectrogram is cut off: 8 in log10 of power, 2 in Whisper's scale. */
const range = 2;

/**
 * A longer window: the spectrogram [melBins × frames] followed by frames of silence, with the value that Whisper's
 * feature extractor gives to silence in this window.
 */
export function padWithSilence(
  { features, melBins, frames }: { readonly features: Float32Array; readonly melBins: number; readonly frames: number },
  wantedFrames: number,
): Float32Array {
  if (wantedFrames === frames) {
    return features;
  }
  const highest = features.reduce((high, value) => Math.max(high, value), Number.NEGATIVE_INFINITY);
  const padded = new Float32Array(melBins * wantedFrames).fill(Math.max(highest - range, floor));
  for (let bin = 0; bin < melBins; bin++) {
    padded.set(features.subarray(bin * frames, (bin + 1) * frames), bin * wantedFrames);
  }
  return padded;
}
