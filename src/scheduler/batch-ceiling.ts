import type { BatchLimits } from "./batch.ts";

/** Batches that must go well before larger ones are tried … */
const leastPatience = 32;
/** … and as many at most: it doubles each time that the larger ones fail. */
const mostPatience = 1024;

/** What a ceiling was at some time. */
export interface CeilingMark {
  /** Null: the settings were the limit. */
  readonly most: BatchLimits | null;
}

/**
 * How large a batch may be where one had too little memory: half of it, and after many that went well twice as much, until
 * the settings are the limit again. A model has one for all of its processes: what they lack they mostly lack together.
 */
export class BatchCeiling {
  #most: BatchLimits | null = null;
  #patience = leastPatience;
  #wentWell = 0;
  #hasGrown = false;

  /** Batches are smaller than the settings allow. */
  get isLowered(): boolean {
    return this.#most !== null;
  }

  /** The limits of the settings, or what is known to be too much for the memory, halved. */
  within({ maxBatchSize, maxBatchLength }: BatchLimits): BatchLimits {
    return {
      maxBatchSize: Math.min(maxBatchSize, this.#most?.maxBatchSize ?? maxBatchSize),
      maxBatchLength: Math.min(maxBatchLength, this.#most?.maxBatchLength ?? maxBatchLength),
    };
  }

  get mark(): CeilingMark {
    return { most: this.#most };
  }

  /** A batch had too little memory for the sake of one window, which lacked it alone, too: that says nothing of others. */
  goBackTo({ most }: CeilingMark): void {
    if (this.#most !== null) {
      this.#wentWell = 0;
      this.#hasGrown = false;
      this.#most = most === null ? null : larger(most, this.#most);
    }
  }

  /** A batch had too little memory. */
  ranOut(windows: number, paddedLength: number): void {
    if (this.#hasGrown) {
      this.#patience = Math.min(mostPatience, 2 * this.#patience);
    }
    this.#hasGrown = false;
    this.#wentWell = 0;
    this.#most = this.within({
      maxBatchSize: Math.max(1, Math.floor(windows / 2)),
      maxBatchLength: Math.max(1, Math.floor(paddedLength / 2)),
    });
  }

  /** A batch was computed. Only one that used more than half of what is allowed says anything of a larger one. */
  ranWell(windows: number, paddedLength: number, settings: BatchLimits): void {
    const most = this.#most;
    if (most === null || (2 * windows <= most.maxBatchSize && 2 * paddedLength <= most.maxBatchLength)) {
      return;
    }
    this.#wentWell++;
    if (this.#wentWell < this.#patience) {
      return;
    }
    this.#wentWell = 0;
    this.#hasGrown = true;
    const { maxBatchSize, maxBatchLength } = {
      maxBatchSize: 2 * most.maxBatchSize,
      maxBatchLength: 2 * most.maxBatchLength,
    };
    // Where nothing limits the length, the number of windows does.
    const isLongEnough =
      maxBatchLength >= settings.maxBatchLength || settings.maxBatchLength === Number.POSITIVE_INFINITY;
    this.#most = maxBatchSize >= settings.maxBatchSize && isLongEnough ? null : { maxBatchSize, maxBatchLength };
  }
}

function larger(one: BatchLimits, other: BatchLimits): BatchLimits {
  return {
    maxBatchSize: Math.max(one.maxBatchSize, other.maxBatchSize),
    maxBatchLength: Math.max(one.maxBatchLength, other.maxBatchLength),
  };
}
