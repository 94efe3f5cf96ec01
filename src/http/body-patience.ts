/**
 * How long a slow body is still waited for: a stock of milliseconds that time uses up and bytes fill again, up to
 * what it was at first. A body that stops is given up when the first stock is gone; one that keeps to the rate goes
 * on for ever. Time in which we read nothing does not count. Times are on one clock, in milliseconds.
 */
export class BodyPatience {
  readonly #stockMs: number;
  readonly #msPerByte: number;
  #leftMs: number;
  /** When `#leftMs` was right; null while we read nothing. */
  #countedAt: number | null;

  constructor(stockMs: number, bytesPerSecond: number, now: number) {
    this.#stockMs = stockMs;
    this.#msPerByte = 1000 / bytesPerSecond;
    this.#leftMs = stockMs;
    this.#countedAt = now;
  }

  received(bytes: number, now: number): void {
    this.#leftMs = Math.min(this.#stockMs, this.leftMs(now) + bytes * this.#msPerByte);
    if (this.#countedAt !== null) {
      this.#countedAt = now;
    }
  }

  pause(now: number): void {
    this.#leftMs = this.leftMs(now);
    this.#countedAt = null;
  }

  resume(now: number): void {
    this.#countedAt ??= now;
  }

  /** What is left of the stock; 0 or less when it is used up. */
  leftMs(now: number): number {
    return this.#countedAt === null ? this.#leftMs : this.#leftMs - (now - this.#countedAt);
  }
}
