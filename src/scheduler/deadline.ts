/** The moment at which a request's answer is worthless, on the monotonic clock of `performance.now()`. */
export class Deadline {
  /** Milliseconds on the monotonic clock. */
  readonly expiresAt: number;

  constructor(expiresAt: number) {
    this.expiresAt = expiresAt;
  }

  /** A deadline `ms` after `start` (default: now). */
  static after(ms: number, start: number = performance.now()): Deadline {
    return new Deadline(start + ms);
  }

  /** Milliseconds left; 0 when it has passed. */
  remainingMs(now: number = performance.now()): number {
    return Math.max(0, this.expiresAt - now);
  }

  isExpired(now: number = performance.now()): boolean {
    return now >= this.expiresAt;
  }
}
