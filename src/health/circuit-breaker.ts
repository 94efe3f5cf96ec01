/** What is remembered of failures in a row. */
export interface Breaker {
  readonly failures: number;
  /** Nothing is tried before, on the clock that `now` is read from. */
  readonly opensUntil: number;
}

export interface BreakerSettings {
  /** Failures in a row from which it is open for a while after each. */
  readonly openAfter: number;
  /** Milliseconds after the first of them; twice as many after each further one … */
  readonly initialMs: number;
  /** … up to this. */
  readonly maxMs: number;
}

/** Nothing failed. */
export const closedBreaker: Breaker = { failures: 0, opensUntil: Number.NEGATIVE_INFINITY };

export function mayTry({ opensUntil }: Breaker, now: number): boolean {
  return now >= opensUntil;
}

/** One more failure. A success leads back to `closedBreaker`. */
export function afterFailure({ failures: before }: Breaker, now: number, settings: BreakerSettings): Breaker {
  const failures = before + 1;
  const { openAfter, initialMs, maxMs } = settings;
  if (failures < openAfter) {
    return { ...closedBreaker, failures };
  }
  return { failures, opensUntil: now + Math.min(maxMs, initialMs * 2 ** (failures - openAfter)) };
}
