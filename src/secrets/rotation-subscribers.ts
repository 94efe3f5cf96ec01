/**
 * Connects anew with the next value, within a time limit of its own. As long as it rejects, its dependant stays with the
 * value that it has.
 */
export type RotationSubscriber<Value> = (next: Value) => void | Promise<void>;

/** A value and which one it is, counted from 1. */
export interface Version<Value> {
  readonly number: number;
  readonly value: Value;
}

interface Subscription<Value> {
  readonly subscriber: RotationSubscriber<Value>;
  /** Number of the version that it has taken over. */
  taken: number;
  isRunning: boolean;
  /** On the clock that `offer` is given. */
  retryAt: number;
}

/**
 * Those who depend on one bundle. Each takes a new version over by itself: one that fails keeps its old one, is counted,
 * and is tried again later; the others do not wait for it.
 */
export class RotationSubscribers<Value> {
  readonly #subscriptions = new Set<Subscription<Value>>();
  readonly #retryMs: number;
  readonly #onFailure: () => void;

  /** `retryMs` is from a failure to the next try; `onFailure` is called at every failure. */
  constructor(retryMs: number, onFailure: () => void) {
    this.#retryMs = retryMs;
    this.#onFailure = onFailure;
  }

  /** `taken` is the version that the subscriber has now. Returns the function that ends the subscription. */
  add(subscriber: RotationSubscriber<Value>, taken: number): () => void {
    const subscription = { subscriber, taken, isRunning: false, retryAt: 0 };
    this.#subscriptions.add(subscription);
    return () => this.#subscriptions.delete(subscription);
  }

  /**
   * Hands the version to all who have another one and do not wait for their next try. `now` is on a clock that only
   * moves forward, in milliseconds.
   */
  offer(version: Version<Value>, now: number): void {
    for (const subscription of this.#subscriptions) {
      if (subscription.taken !== version.number && !subscription.isRunning && now >= subscription.retryAt) {
        void this.#hand(subscription, version, now);
      }
    }
  }

  /** A new version: who waited for the next try of the last one need not wait with this one. */
  renew(): void {
    for (const subscription of this.#subscriptions) {
      subscription.retryAt = 0;
    }
  }

  async #hand(subscription: Subscription<Value>, version: Version<Value>, now: number): Promise<void> {
    subscription.isRunning = true;
    try {
      await subscription.subscriber(version.value);
      subscription.taken = version.number;
    } catch {
      // What it threw may quote the secret. The dependant itself knows what it may tell of its failure.
      subscription.retryAt = now + this.#retryMs;
      this.#onFailure();
    } finally {
      subscription.isRunning = false;
    }
  }
}
