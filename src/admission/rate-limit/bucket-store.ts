import type { Limit, Standing } from "./token-bucket.ts";

/** Where buckets are kept. Memory and Redis decide alike: `token-bucket.ts` says how. */
export interface BucketStore {
  /**
   * Takes `cost` tokens from the bucket of every charge, or from none.
   *
   * @param charges At least one, each with a bucket of its own.
   * @param cost 0 or more. What exceeds the burst of a bucket is taken as its burst.
   */
  take(charges: readonly Charge[], cost: number): Decision | Promise<Decision>;

  /**
   * Corrects an earlier `take` once the true cost is known. The decision tells whether a bucket is in debt: then it is not
   * allowed, and `retryAfterMs` is when the debt will be paid.
   *
   * @param difference The true cost less the taken one: what is still to be taken, or below 0 what is given back.
   */
  settle(charges: readonly Charge[], difference: number): Decision | Promise<Decision>;

  /** Ends connections and timers. Nothing is taken afterwards. */
  close(): void | Promise<void>;
}

/** A store that can be lost. It rejects with a `StoreUnavailableError` when it gives no decision, in a bounded time. */
export interface LosableStore extends BucketStore {
  /** Resolves as soon as it gives decisions, and rejects when that takes more than a second or so. */
  probe(): Promise<void>;
}

/** Why a store gave no decision. Holds no address, key or credential. */
export class StoreUnavailableError extends Error {
  override readonly name = "StoreUnavailableError";
  /** `timeout`, `disconnected`, or what the system (`ECONNREFUSED`) or Redis (`READONLY`, `NOAUTH`, `OOM`) calls it. */
  readonly reason: string;

  constructor(reason: string) {
    super(`The store of the token buckets gave no decision: ${reason}.`);
    this.reason = reason;
  }
}

/** One of the buckets that a request is charged to. */
export interface Charge {
  /** Whose bucket it is, such as `address`, `client` or `route`. Clients read it: printable ASCII, no quotes, no secret. */
  readonly level: string;
  /** Which of that level's buckets. Nobody but the store reads it. */
  readonly key: string;
  /** May be another one at every call: a reload takes effect at once. */
  readonly limit: Limit;
}

/** What became of a request, told by the level that leaves it the least. */
export interface Decision {
  readonly isAllowed: boolean;
  /** 0 when allowed; else the same cost fits after this time, if nobody else takes from the buckets. */
  readonly retryAfterMs: number;
  readonly level: string;
  readonly limit: Limit;
  /** Whole tokens that this level has left. */
  readonly remaining: number;
  /** Milliseconds until this level is full again. */
  readonly resetMs: number;
  /** On the store's own clock: Redis' time of day, or for memory that of `performance.now()`. */
  readonly decidedAtMs: number;
}

/** How one level stands after a decision. */
export interface LevelStanding extends Standing {
  readonly charge: Charge;
  /** 0 when this level has what is asked for. */
  readonly waitMs: number;
}

/** A refusal is told by the level that takes longest, an admission by the one with the fewest tokens left. */
export function decide(levels: readonly LevelStanding[], decidedAtMs: number): Decision {
  const { charge, waitMs, remaining, resetMs } = levels.reduce((tightest, level) =>
    level.waitMs > tightest.waitMs || (level.waitMs === tightest.waitMs && level.remaining < tightest.remaining)
      ? level
      : tightest,
  );
  const { level, limit } = charge;
  return { isAllowed: waitMs === 0, retryAfterMs: waitMs, level, limit, remaining, resetMs, decidedAtMs };
}
