/** Frames [start, end) of speech, counted from the start of the audio; 32 ms each. */
export interface SpeechRange {
  readonly start: number;
  readonly end: number;
}

/** Silero's own thresholds: speech begins at the first, and ends when it stays below the second. */
const onset = 0.5;
const offset = 0.35;
/** A pause ends a segment: 0.5 s, or 0.2 s when the segment is 15 s long already. */
const pauseFrames = 16;
const shortPauseFrames = 6;
const longFrames = 469;
/** Kept before and behind a segment, so that no consonant is lost: 96 ms. */
const paddingFrames = 3;
/** Less is a click or a breath: 0.2 s. */
const fewestSpeechFrames = 6;
/** The longest segment, 29.98 s: what fits into a window. */
const mostFrames = 937;
/** Without a pause, the cut is made where speech is least likely in the last third. */
const searchFrames = 312;

/**
 * Cuts a stream of speech probabilities into segments at pauses.
 *
 * silence → speech at a probability of `onset`; speech → silence after a pause below `offset`. Speech without a
 * pause is cut where speech is least likely, and goes on from there.
 */
export class SpeechCutter {
  #frame = 0;
  #start: number | null = null;
  #silence = 0;
  #speechFrames = 0;
  /** Of the open segment, frame by frame. */
  #probabilities: number[] = [];

  /** Frames of the segment that has not ended yet; 0 in silence. */
  get openFrames(): number {
    return this.#start === null ? 0 : this.#frame - this.#start;
  }

  /** The first frame that a coming segment may still hold. */
  get firstNeededFrame(): number {
    return this.#start ?? Math.max(0, this.#frame - paddingFrames);
  }

  /** Takes the next frame; returns the segment that is known to have ended by it. */
  push(probability: number): SpeechRange | null {
    this.#frame++;
    if (this.#start === null) {
      return probability >= onset ? this.#begin(probability) : null;
    }
    this.#probabilities.push(probability);
    this.#speechFrames += probability >= offset ? 1 : 0;
    this.#silence = probability < offset ? this.#silence + 1 : 0;
    if (this.#silence >= (this.openFrames >= longFrames ? shortPauseFrames : pauseFrames)) {
      return this.#end(this.#frame - this.#silence + paddingFrames);
    }
    return this.openFrames >= mostFrames ? this.cut(searchFrames) : null;
  }

  /** Ends the open segment where speech was least likely in its last `within` frames, and opens the next one there. */
  cut(within: number): SpeechRange | null {
    if (this.#start === null || this.openFrames < 2) {
      return null;
    }
    const first = Math.max(1, this.#probabilities.length - within);
    let quietest = first;
    this.#probabilities.forEach((probability, at) => {
      // The latest of equals: the longer the segment, the better it is understood.
      if (at >= first && probability <= (this.#probabilities[quietest] ?? 1)) {
        quietest = at;
      }
    });
    const range = { start: this.#start, end: this.#start + quietest };
    this.#start = range.end;
    this.#probabilities.splice(0, quietest);
    // What follows is the rest of a segment that was long enough.
    this.#speechFrames = fewestSpeechFrames;
    return range;
  }

  /** The end of the audio ends the open segment. */
  finish(): SpeechRange | null {
    return this.#start === null ? null : this.#end(this.#frame);
  }

  #begin(probability: number): null {
    this.#start = Math.max(0, this.#frame - 1 - paddingFrames);
    this.#probabilities = Array.from({ length: this.#frame - 1 - this.#start }, () => 0);
    this.#probabilities.push(probability);
    this.#silence = 0;
    this.#speechFrames = 1;
    return null;
  }

  #end(end: number): SpeechRange | null {
    const start = this.#start ?? end;
    // A cut in a pause leaves a segment that is nothing but the rest of it.
    const range = end > start && this.#speechFrames >= fewestSpeechFrames ? { start, end } : null;
    this.#start = null;
    return range;
  }
}
