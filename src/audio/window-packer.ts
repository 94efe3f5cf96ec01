import { hopLength, samplingRate, type WindowShape } from "../processes/audio-protocol.ts";

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
  /** Columns of the spectrogram, as the shape of windows allows. */
  readonly frames: number;
  readonly segments: readonly PackedSegment[];
}

const gapSamples = samplingRate / 2;

/** Puts short segments into one window, in order, as long as they fit into what the shape of windows calls packed. */
export class WindowPacker {
  readonly #shape: WindowShape;
  #samples = new Float32Array(0);
  #length = 0;
  #segments: PackedSegment[] = [];

  constructor(shape: WindowShape) {
    this.#shape = shape;
  }

  /** Samples of the window so far, gaps included. */
  get length(): number {
    return this.#length;
  }

  /** Whether a segment of so many samples would make the window longer than it should be. */
  isFullFor(samples: number): boolean {
    return this.#length > 0 && this.#length + gapSamples + samples > this.#shape.packedFrames * hopLength;
  }

  /** Adds a segment that fits into a window; the caller has flushed the window when it is full for it. */
  add(start: number, samples: Float32Array): void {
    const windowStart = this.#length === 0 ? 0 : this.#length + gapSamples;
    this.#length = windowStart + samples.length;
    if (this.#length > this.#samples.length) {
      // A long window and its copy must fit into the memory of an audio process: no more than it can hold.
      const doubled = Math.min(2 * this.#samples.length, this.#shape.packedFrames * hopLength);
      const larger = new Float32Array(Math.max(this.#length, doubled));
      larger.set(this.#samples);
      this.#samples = larger;
    }
    this.#samples.set(samples, windowStart);
    this.#segments.push({ start, end: start + samples.length, windowStart });
  }

  /** The window so far, and an empty one in its place; null when there is nothing in it. */
  flush(): PackedWindow | null {
    if (this.#length === 0) {
      return null;
    }
    const { fewestFrames, frameStep } = this.#shape;
    const window = {
      samples: this.#samples.subarray(0, this.#length),
      frames: Math.max(fewestFrames, frameStep * Math.ceil(this.#length / (frameStep * hopLength))),
      segments: this.#segments,
    };
    this.#samples = new Float32Array(0);
    this.#length = 0;
    this.#segments = [];
    return window;
  }
}
