import { AddressShares } from "./address-shares.ts";

/** Weight of the newest observation in the smoothed holding time. */
const smoothing = 0.05;

/** The part of all permits that one route leaves to the others. */
const routeReserve = 1 / 8;

/** Suggested wait before any permit came back, in milliseconds. */
const initialHoldMs = 1_000;

/** The right to be in flight. Whoever got one gives it back, once; giving it back again does nothing. */
export interface Permit {
  /** `now` is on the clock of `performance.now()`. */
  release(now?: number): void;
}

/**
 * Bounds how many requests are in flight at once: in all, of one holder (a client or an address), and on one route. A request
 * without a permit is refused, never queued.
 */
export class ConcurrencyLimit {
  readonly #limit: () => number;
  readonly #shares: AddressShares;
  /** Permits in use by route. */
  readonly #byRoute = new Map<string, number>();
  #holdMs = initialHoldMs;

  /** `limit` is the number of permits, at least 1; read at every decision. */
  constructor(limit: () => number) {
    this.#limit = limit;
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
   * Takes a permit, or returns null when all are in use, or the holder or the route has its share of them. Without a route
   * only the others count. `now` is on the clock of `performance.now()`.
   */
  tryAcquire(holder: string, now: number = performance.now(), route: string | null = null): Permit | null {
    if (this.#isFull(route) || !this.#shares.tryTake(holder, 1)) {
      return null;
    }
    this.#countRoute(route, 1);
    let isHeld = true;
    return {
      release: (end = performance.now()) => {
        if (isHeld) {
          isHeld = false;
          this.#shares.giveBack(holder, 1);
          this.#countRoute(route, -1);
          this.#holdMs += smoothing * (end - now - this.#holdMs);
        }
      },
    };
  }

  #isFull(route: string | null): boolean {
    const limit = this.#limit();
    return route !== null && (this.#byRoute.get(route) ?? 0) >= limit - Math.floor(limit * routeReserve);
  }

  #countRoute(route: string | null, difference: number): void {
    if (route !== null) {
      this.#byRoute.set(route, (this.#byRoute.get(route) ?? 0) + difference);
    }
  }
}
