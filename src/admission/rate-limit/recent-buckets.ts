import type { BucketState } from "./token-bucket.ts";

/** A bucket that is kept, between the one that was used before it and the one that was used after it. */
export interface RecentBucket {
  readonly name: string;
  state: BucketState;
  older: RecentBucket | null;
  newer: RecentBucket | null;
}

/** A bounded number of buckets, in the order of their use: a linked list costs a fifth of taking out of a map and putting back. */
export class RecentBuckets {
  readonly #maxBuckets: number;
  readonly #byName = new Map<string, RecentBucket>();
  #oldest: RecentBucket | null = null;
  #newest: RecentBucket | null = null;

  constructor(maxBuckets: number) {
    this.#maxBuckets = maxBuckets;
  }

  get size(): number {
    return this.#byName.size;
  }

  /** The bucket, which has now been used last; undefined when it is not kept. */
  use(name: string): RecentBucket | undefined {
    const bucket = this.#byName.get(name);
    if (bucket !== undefined && bucket !== this.#newest) {
      this.#unlink(bucket);
      this.#append(bucket);
    }
    return bucket;
  }

  /** Keeps a bucket that is not kept yet. The one that was used least recently makes room for it. */
  add(name: string, state: BucketState): void {
    const bucket: RecentBucket = { name, state, older: null, newer: null };
    this.#byName.set(name, bucket);
    this.#append(bucket);
    if (this.#byName.size > this.#maxBuckets && this.#oldest !== null) {
      this.#byName.delete(this.#oldest.name);
      this.#unlink(this.#oldest);
    }
  }

  #append(bucket: RecentBucket): void {
    bucket.older = this.#newest;
    bucket.newer = null;
    if (this.#newest === null) {
      this.#oldest = bucket;
    } else {
      this.#newest.newer = bucket;
    }
    this.#newest = bucket;
  }

  #unlink({ older, newer }: RecentBucket): void {
    if (older === null) {
      this.#oldest = newer;
    } else {
      older.newer = newer;
    }
    if (newer === null) {
      this.#newest = older;
    } else {
      newer.older = older;
    }
  }
}
