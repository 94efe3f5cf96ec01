import { AddressShares } from "./address-shares.ts";

/** Weight of the newest observation in the smoothed holding time. */
const smoothing = 0.05;

/** Suggested wait before any permit came back, in milliseconds. */
const initialHoldMs = 1_000;

/** The right to be in flight. Whoever got one gives it back, once; giving it back again does nothing. */
export interface Permit {
  /** `now` is on the clock of `performance.now()`. */
  release(now?: number): void;
}

/** Bounds how many requests are in flight at once, in all and from one address. A request without a permit is refused, never queued. */
export class ConcurrencyLimit {
  readonly #shares: AddressShares;
  #holdMs = initialHoldMs;

  /** `limit` is the number of permits, at least 1; read at every decision. */
  constructor(limit: () => number) {
    this.#shares = new AddressShares(limit);
  }

  get inUse(): number {
    return this.#shares.inUse;
  }

  /**
   * How long a permit was held lately, in milliseconds. By Little's law the holders of now are gone after about that
   * time, so it is when a refused request should come back.
   */
  get retryAfterMs(): number {
    return this.#holdMs;
  }

  /**
   * Takes a permit, or returns null when all are in use or the address holds its share of them. `now` is on the clock
   * of `performance.now()`.
   */
  tryAcquire(address: string, now: number = performance.now()): Permit | null {
    if (!this.#shares.tryTake(address, 1)) {
      return null;
    }
    let isHeld = true;
    return {
      release: (end = performance.now()) => {
        if (isHeld) {
          isHeld = false;
          this.#shares.giveBack(address, 1);
          this.#holdMs += smoothing * (end - now - this.#holdMs);
        }
      },
    };
  }
}
