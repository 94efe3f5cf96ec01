import { fewestWindowFrames, hopLength, mostWindowFrames, samplingRate } from "../processes/audio-protocol.ts";

/** A stretch of the audio, in samples at 16 kHz; times are multiples of 16 samples, so that milliseconds are whole. */
export interface PackedSegment {
  readonly start: number;
  readonly end: number;
  /** Where it begins in its window. */
  readonly windowStart: number;
}

/** Segments of speech with silence between them: what one run of the encoder takes. */
export interface PackedWindow {
  readonly samples: Float32Array;
  /** Columns of the spectrogram: even, 15 to 30 s. */
  readonly frames: number;
  readonly segments: readonly PackedSegment[];
}

/** A run costs half as much for 15 s as for 30 s, and longer ones gain nothing: measured at 18 s. */
const targetSamples = 18 * samplingRate;
const gapSamples = samplingRate / 2;
const mostSamples = mostWindowFrames * hopLength;

/** Puts short segments into one window, in order, as long as they fit into about 18 s. */
export class WindowPacker {
  #samples = new Float32Array(mostSamples);
  #length = 0;
  #segments: PackedSegment[] = [];

  /** Samples of the window so far, gaps included. */
  get length(): number {
    return this.#length;
  }

  /** Whether a segment of so many samples would make the window longer than it should be. */
  isFullFor(samples: number): boolean {
    return this.#length > 0 && this.#length + gapSamples + samples > targetSamples;
  }

  /** Adds a segment of at most 30 s; the caller has flushed the window when it is full for it. */
  add(start: number, samples: Float32Array): void {
    const windowStart = this.#length === 0 ? 0 : this.#length + gapSamples;
    this.#samples.set(samples, windowStart);
    this.#length = windowStart + samples.length;
    this.#segments.push({ start, end: start + samples.length, windowStart });
  }

  /** The window so far, and an empty one in its place; null when there is nothing in it. The samples are a copy. */
  flush(): PackedWindow | null {
    if (this.#length === 0) {
      return null;
    }
    const window = {
      samples: this.#samples.slice(0, this.#length),
      frames: Math.max(fewestWindowFrames, 2 * Math.ceil(this.#length / (2 * hopLength))),
      segments: this.#segments,
    };
    this.#samples.fill(0);
    this.#length = 0;
    this.#segments = [];
    return window;
  }
}
