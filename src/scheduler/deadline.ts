/** The moment at which a request's answer is worthless, on the monotonic clock of `performance.now()`. */
export class Deadline {
  readonly #startedAt: number;
  readonly #grows: boolean;
  #expiresAt: number;

  private constructor(startedAt: number, limitMs: number, grows: boolean) {
    this.#startedAt = startedAt;
    this.#expiresAt = startedAt + limitMs;
    this.#grows = grows;
  }

  /** A deadline `ms` after `start` (default: now). */
  static after(ms: number, start: number = performance.now()): Deadline {
    return new Deadline(start, ms, false);
  }

  /** A deadline `ms` after `start`, or later once more work turns out to be asked for. */
  static growing(ms: number, start: number = performance.now()): Deadline {
    return new Deadline(start, ms, true);
  }

  /** Milliseconds on the monotonic clock. */
  get expiresAt(): number {
    return this.#expiresAt;
  }

  /** The work takes up to `ms` from the start on: a growing deadline moves there, if that is later. A fixed one stays. */
  allow(ms: number): void {
    if (this.#grows) {
      this.#expiresAt = Math.max(this.#expiresAt, this.#startedAt + ms);
    }
  }

  /** Milliseconds left; 0 when it has passed. */
  remainingMs(now: number = performance.now()): number {
    return Math.max(0, this.#expiresAt - now);
  }

  isExpired(now: number = performance.now()): boolean {
    return now >= this.#expiresAt;
  }
}
