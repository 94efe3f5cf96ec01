/** The weights of one mel band over the bins of the spectrum: zero outside of [first, first + weights.length). */
export interface MelFilter {
  readonly first: number;
  readonly weights: Float64Array;
}

/**
 * Triangular filters on Slaney's mel scale (linear up to 1 kHz, logarithmic above), each of area one, from 0 Hz to half
 * the sampling rate: `librosa.filters.mel` and `transformers`' `mel_filter_bank(norm="slaney", mel_scale="slaney")`.
 */
export function melFilters(bands: number, bins: number, samplingRate: number): readonly MelFilter[] {
  const nyquist = samplingRate / 2;
  const edges = Array.from({ length: bands + 2 }, (_, k) => melToHertz((hertzToMel(nyquist) * k) / (bands + 1)));
  const frequencies = Array.from({ length: bins }, (_, k) => (nyquist * k) / (bins - 1));
  return Array.from({ length: bands }, (_, band) => {
    const [left = 0, centre = 0, right = 0] = edges.slice(band, band + 3);
    const weights = frequencies.map((hertz) => {
      const height = Math.min((hertz - left) / (centre - left), (right - hertz) / (right - centre));
      return (Math.max(0, height) * 2) / (right - left);
    });
    const first = Math.max(0, weights.findIndex(isPositive));
    return { first, weights: Float64Array.from(weights.slice(first, weights.findLastIndex(isPositive) + 1)) };
  });
}

/** Slaney: 200/3 Hz per mel up to 1,000 Hz (15 mels), then 27 mels for each factor of 6.4. */
function hertzToMel(hertz: number): number {
  return hertz < 1000 ? (3 * hertz) / 200 : 15 + (27 * Math.log(hertz / 1000)) / Math.log(6.4);
}

function melToHertz(mel: number): number {
  return mel < 15 ? (200 * mel) / 3 : 1000 * Math.exp((Math.log(6.4) * (mel - 15)) / 27);
}

function isPositive(weight: number): boolean {
  return weight > 0;
}
