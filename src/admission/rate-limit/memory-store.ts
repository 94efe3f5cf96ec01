import { type BucketStore, type Charge, type Decision, decide, type LevelStanding } from "./bucket-store.ts";
import { RecentBuckets } from "./recent-buckets.ts";
import { settle, standing, take } from "./token-bucket.ts";

/** Buckets of this process. A bounded number of them is kept: the one that was used least recently leaves first. */
export class MemoryStore implements BucketStore {
  readonly #now: () => number;
  readonly #buckets: RecentBuckets;

  /**
   * @param maxBuckets About 250 bytes each. A bucket that left is full when it comes back: keep more than can be emptied in
   *   the time in which they fill.
   * @param now Milliseconds on a clock that is never set, as that of `performance.now()`.
   */
  constructor(maxBuckets: number, now: () => number = () => performance.now()) {
    this.#buckets = new RecentBuckets(maxBuckets);
    this.#now = now;
  }

  /** Buckets that are kept now. */
  get size(): number {
    return this.#buckets.size;
  }

  take(charges: readonly Charge[], cost: number): Decision {
    return this.#change(charges, take, cost);
  }

  settle(charges: readonly Charge[], difference: number): Decision {
    return this.#change(charges, settle, difference);
  }

  close(): void {
    // Nothing is open.
  }

  #change(charges: readonly Charge[], change: typeof take, amount: number): Decision {
    const nowMs = Math.floor(this.#now());
    let isTaken = true;
    const levels = charges.map((charge) => {
      const name = `${charge.level}:${charge.key}`;
      const kept = this.#buckets.use(name);
      const { state, waitMs } = change(kept?.state, charge.limit, nowMs, amount);
      isTaken &&= waitMs === 0;
      return { charge, name, kept, state, waitMs };
    });
    const standings: LevelStanding[] = [];
    for (const { charge, name, kept, state, waitMs } of levels) {
      // Of a refused request, the levels that would have admitted it stay as they were.
      if (isTaken || waitMs > 0 || change === settle) {
        if (kept === undefined) {
          this.#buckets.add(name, state);
        } else {
          kept.state = state;
        }
      }
      const { remaining, resetMs } = standing(state, charge.limit, nowMs);
      standings.push({ charge, waitMs, remaining, resetMs });
    }
    return decide(standings, nowMs);
  }
}
