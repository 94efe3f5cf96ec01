import { hopLength, samplingRate } from "../processes/audio-protocol.ts";
import { FourierTransform } from "./fourier-transform.ts";
import { type MelFilter, melFilters } from "./mel-filters.ts";

/** Samples of one Fourier transform: 25 ms. */
const frameLength = 400;
const edge = frameLength / 2;
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
    const features = new Float32Array(this.melBins * frames);
    let loudest = Number.NEGATIVE_INFINITY;
    for (let frame = 0; frame < frames; frame++) {
      this.#cutFrame(samples, frame * hopLength - edge, frames * hopLength);
      this.#transform.powers(this.#frame, this.#powers);
      loudest = Math.max(loudest, this.#writeColumn(features, frame, frames));
    }
    const quietest = (this.#maximum ?? loudest) - dynamicRange;
    for (let at = 0; at < features.length; at++) {
      features[at] = (Math.max(features[at]!, quietest) + 4) / 4;
    }
    return features;
  }

  /**
   * One frame from the sample `start` on, under the window. The samples are cut or filled with silence to `length`, and
   * have half a frame of their mirror image on either side. No copy: a long window fills the memory of its process.
   */
  #cutFrame(samples: Float32Array, start: number, length: number): void {
    const isInside = start >= 0 && start + frameLength <= Math.min(length, samples.length);
    // Indices are in range by construction, here and below: that is what the `!` say.
    for (let k = 0; k < frameLength; k++) {
      const sample = isInside ? samples[start + k]! : (samples[mirrored(start + k, length)] ?? 0);
      this.#frame[k] = sample * this.#window[k]!;
    }
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

/** Where a sample outside of 0 … `length` - 1 has its mirror image, the first and the last one being the mirrors. */
function mirrored(at: number, length: number): number {
  const last = length - 1;
  return at < 0 ? -at : last - Math.abs(last - at);
}
