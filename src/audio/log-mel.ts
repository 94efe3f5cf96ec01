import { hopLength, samplingRate } from "../processes/audio-protocol.ts";
import { FourierTransform } from "./fourier-transform.ts";
import { type MelFilter, melFilters } from "./mel-filters.ts";

/** Samples of one Fourier transform: 25 ms. */
const frameLength = 400;
const bins = frameLength / 2 + 1;
/** How far below the loudest everything quieter is cut, in powers of ten. */
const dynamicRange = 8;
const smallestPower = 1e-10;

/**
 * The log-mel spectrogram that Whisper and Voxtral were trained on, equal to `transformers`' `WhisperFeatureExtractor`
 * within 1e-4. Not for two windows at once: its buffers are reused.
 */
export class LogMel {
  readonly melBins: number;
  readonly #maximum: number | null;
  readonly #filters: readonly MelFilter[];
  readonly #transform = new FourierTransform(frameLength);
  /** Hann's window, periodic. */
  readonly #window = Float64Array.from(
    { length: frameLength },
    (_, k) => 0.5 - 0.5 * Math.cos((2 * Math.PI * k) / frameLength),
  );
  readonly #frame = new Float64Array(frameLength);
  readonly #powers = new Float64Array(bins);

  /** @param maximum log-power (base 10) of what counts as the loudest; null for that of each window. */
  constructor(melBins: 80 | 128, maximum: number | null) {
    this.melBins = melBins;
    this.#maximum = maximum;
    this.#filters = melFilters(melBins, bins, samplingRate);
  }

  /**
   * Features [melBins × frames], row by row, of 16 kHz samples in -1 … 1. Silence is put behind the samples up to
   * `frames`, and what is longer is cut off.
   */
  features(samples: Float32Array, frames: number): Float32Array {
    const padded = padByReflection(samples, frames * hopLength);
    const features = new Float32Array(this.melBins * frames);
    let loudest = Number.NEGATIVE_INFINITY;
    for (let frame = 0; frame < frames; frame++) {
      // Indices are in range by construction, here and below: that is what the `!` say.
      for (let k = 0; k < frameLength; k++) {
        this.#frame[k] = padded[frame * hopLength + k]! * this.#window[k]!;
      }
      this.#transform.powers(this.#frame, this.#powers);
      loudest = Math.max(loudest, this.#writeColumn(features, frame, frames));
    }
    const quietest = (this.#maximum ?? loudest) - dynamicRange;
    for (let at = 0; at < features.length; at++) {
      features[at] = (Math.max(features[at]!, quietest) + 4) / 4;
    }
    return features;
  }

  /** Writes the log-powers of one frame and returns the largest. */
  #writeColumn(features: Float32Array, frame: number, frames: number): number {
    let loudest = Number.NEGATIVE_INFINITY;
    for (let band = 0; band < this.melBins; band++) {
      const { first, weights } = this.#filters[band]!;
      let power = 0;
      for (let k = 0; k < weights.length; k++) {
        power += weights[k]! * this.#powers[first + k]!;
      }
      const logPower = Math.log10(Math.max(power, smallestPower));
      features[band * frames + frame] = logPower;
      loudest = Math.max(loudest, logPower);
    }
    return loudest;
  }
}

/** The samples, cut or filled with silence to `length`, with half a frame of their mirror image on either side. */
function padByReflection(samples: Float32Array, length: number): Float32Array {
  const edge = frameLength / 2;
  const padded = new Float32Array(length + 2 * edge);
  padded.set(samples.subarray(0, length), edge);
  for (let k = 1; k <= edge; k++) {
    padded[edge - k] = padded[edge + k]!;
    padded[edge + length - 1 + k] = padded[edge + length - 1 - k]!;
  }
  return padded;
}
