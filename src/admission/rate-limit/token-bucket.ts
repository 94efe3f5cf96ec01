/** How much may be taken from a bucket. */
export interface Limit {
  /** Tokens that a full bucket holds, 1 to 1e9. */
  readonly burst: number;
  /** Tokens that come back each second until the bucket is full, above 0 to 1e9; enough to fill it within a year. */
  readonly refillPerSecond: number;
}

/** One bucket. None is the same as a full one. */
export interface BucketState {
  /** At `updatedMs`. Below 0 is debt: more was used than had been taken. */
  readonly tokens: number;
  /** Whole milliseconds. */
  readonly updatedMs: number;
}

export interface Taken {
  /** What to keep; without its tokens when they were there. */
  readonly state: BucketState;
  /** 0 when they were there, else the whole milliseconds after which they are, if nobody else takes any. */
  readonly waitMs: number;
}

/**
 * Takes `cost` tokens, or nothing. A cost above the burst would never fit: it needs a full bucket and empties it.
 *
 * A clock that was set back gives nothing and takes nothing, and the bucket goes on from there: it would otherwise stand
 * still until the clock has caught up.
 *
 * `bucket-script.ts` does the same arithmetic in the same order, so that both stores decide alike to the last bit.
 *
 * @param nowMs Whole milliseconds, on the clock of the state.
 */
export function take(stored: BucketState | undefined, limit: Limit, nowMs: number, cost: number): Taken {
  const state = asOf(stored, limit, nowMs);
  const needed = Math.min(cost, limit.burst);
  const waitMs = waitFor(state, limit, nowMs, needed);
  if (waitMs > 0) {
    return { state, waitMs };
  }
  return { state: { tokens: balance(state, limit, nowMs) - needed, updatedMs: nowMs }, waitMs: 0 };
}

/**
 * Corrects what was taken by `difference` tokens, the true cost less the taken one. Never more comes back than the bucket
 * holds, and never more than one burst is owed, so that no wait gets longer than it takes to fill the bucket twice.
 * `waitMs` is how long it takes to pay the debt.
 */
export function settle(stored: BucketState | undefined, limit: Limit, nowMs: number, difference: number): Taken {
  const settled = balance(asOf(stored, limit, nowMs), limit, nowMs) - difference;
  const state = { tokens: Math.min(limit.burst, Math.max(-limit.burst, settled)), updatedMs: nowMs };
  return { state, waitMs: waitFor(state, limit, nowMs, 0) };
}

/** What a client can be told of its bucket. */
export interface Standing {
  /** Whole tokens that can be taken now. */
  readonly remaining: number;
  /** Whole milliseconds until the bucket is full. */
  readonly resetMs: number;
}

/** `nowMs` is not before the state's last change. */
export function standing(state: BucketState, limit: Limit, nowMs: number): Standing {
  const tokens = balance(state, limit, nowMs);
  return {
    remaining: Math.floor(Math.max(0, tokens)),
    resetMs: Math.ceil(((limit.burst - tokens) * 1000) / limit.refillPerSecond),
  };
}

function asOf(stored: BucketState | undefined, limit: Limit, nowMs: number): BucketState {
  if (stored === undefined) {
    return { tokens: limit.burst, updatedMs: nowMs };
  }
  return stored.updatedMs > nowMs ? { tokens: stored.tokens, updatedMs: nowMs } : stored;
}

function balance(state: BucketState, limit: Limit, nowMs: number): number {
  return Math.min(limit.burst, state.tokens + ((nowMs - state.updatedMs) * limit.refillPerSecond) / 1000);
}

function waitFor(state: BucketState, limit: Limit, nowMs: number, needed: number): number {
  if (balance(state, limit, nowMs) >= needed) {
    return 0;
  }
  const fullWaitMs = Math.ceil(((needed - state.tokens) * 1000) / limit.refillPerSecond);
  let waitMs = Math.max(1, fullWaitMs - (nowMs - state.updatedMs));
  // Rounding may put it one off. Whoever waits as long as told must get in, and nobody waits in vain.
  if (balance(state, limit, nowMs + waitMs) < needed) {
    waitMs++;
  } else if (waitMs > 1 && balance(state, limit, nowMs + waitMs - 1) >= needed) {
    waitMs--;
  }
  return waitMs;
}
