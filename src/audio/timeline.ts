import { samplingRate } from "../processes/audio-protocol.ts";

export interface TimelineOptions {
  /** Which of the file's times is its start, in milliseconds; null: that of the first sound. */
  readonly startMs: number | null;
  /** Which of them the container says to be its end, in milliseconds; null when it does not say. */
  readonly endMs: number | null;
  /** Its times may begin anew anywhere, as those of broadcasts do, so that a long gap is none. */
  readonly isDiscontinuous: boolean;
}

/** Times are rounded, and the clocks of sound and container differ a little. */
const jitterMs = 50;
/** A time further off than this is taken for a fault of the file. The second is FFmpeg's own limit. */
const longestGapMs = 3_600_000;
const longestDiscontinuousGapMs = 10_000;
/** How far behind its declared end a container may go on. */
const toleranceMs = 500;
const silentPieceSamples = samplingRate;

/**
 * Compares the times of decoded sound with how much of it there was, and says where silence belongs: where a track begins
 * later than the file, and where it pauses. Times that lie back are not obeyed (sound that overlaps is played on), nor
 * those that the container cannot mean.
 */
export class Timeline {
  #startMs: number | null;
  readonly #endMs: number;
  readonly #longestGapMs: number;
  /** Where the sound so far ends, silence included. */
  #reachedMs = 0;
  /** What is added to times after one that was not believed. */
  #shiftMs = 0;

  constructor({ startMs, endMs, isDiscontinuous }: TimelineOptions) {
    this.#startMs = startMs;
    this.#endMs = (endMs ?? Number.POSITIVE_INFINITY) + toleranceMs;
    this.#longestGapMs = isDiscontinuous ? longestDiscontinuousGapMs : longestGapMs;
  }

  /**
   * Takes the next piece of sound and returns the milliseconds of silence that belong before it.
   * @param timeMs When it is heard by the file's times; null when the file does not say.
   */
  place(timeMs: number | null, durationMs: number): number {
    const silenceMs = timeMs === null ? 0 : this.#silenceBefore(timeMs);
    this.#reachedMs += silenceMs + durationMs;
    return silenceMs;
  }

  #silenceBefore(timeMs: number): number {
    this.#startMs ??= timeMs;
    const gapMs = timeMs - this.#startMs + this.#shiftMs - this.#reachedMs;
    const isBelievable = Math.abs(gapMs) <= this.#longestGapMs && timeMs + this.#shiftMs <= this.#endMs;
    if (!isBelievable) {
      this.#shiftMs -= gapMs;
      return 0;
    }
    return gapMs > jitterMs ? gapMs : 0;
  }
}

/** So much silence, a second at a time. */
export function* silence(durationMs: number): Generator<Float32Array, void, void> {
  let samples = Math.round((durationMs * samplingRate) / 1000);
  for (; samples > 0; samples -= silentPieceSamples) {
    yield new Float32Array(Math.min(samples, silentPieceSamples));
  }
}
