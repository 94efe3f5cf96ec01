import {
  type BucketStore,
  type Charge,
  type Decision,
  type LosableStore,
  StoreUnavailableError,
} from "./bucket-store.ts";
import type { MemoryStore } from "./memory-store.ts";

/** Pauses between two probes double from the first to the longest, in milliseconds. */
const firstPauseMs = 100;
const maxPauseMs = 5_000;

/** The pauses begin anew after this time without a loss: a store that comes and goes is not probed ten times a second. */
const stableMs = 30_000;

export interface FallbackStoreSettings {
  /** What all instances share: see `RedisStore`. */
  readonly shared: LosableStore;
  readonly local: MemoryStore;
  /**
   * The share of every limit that this instance gives by itself while the shared store is lost: above 0, at most 1. With 0
   * the loss of a counter would be the loss of the service. Read at every decision.
   */
  readonly localShare: () => number;
  /** Called once at the start, then at every loss and every return. Must not throw. */
  readonly onStateChange: (change: StateChange) => void;
}

export interface StateChange {
  readonly isShared: boolean;
  /** Why not: see `StoreUnavailableError`. Null when it is shared. */
  readonly reason: string | null;
}

/**
 * Buckets in a shared store; while that is lost, slow or failing, in memory at a share of every limit. No decision fails.
 * Those that meet the loss take as long as the time limit of the shared store; those after them do not ask it, until a
 * probe has found it again.
 *
 * Buckets in memory begin full: a loss may give a client that share of its burst once more, on every instance.
 */
export class FallbackStore implements BucketStore {
  readonly #settings: FallbackStoreSettings;
  #shared: LosableStore;
  #isShared = false;
  #sharedSinceMs = Number.NEGATIVE_INFINITY;
  #pauseMs = firstPauseMs;
  #probeTimer: NodeJS.Timeout | undefined;
  #isClosed = false;

  private constructor(settings: FallbackStoreSettings) {
    this.#settings = settings;
    this.#shared = settings.shared;
  }

  /** Probes the shared store once. Starts without it as well. */
  static async start(settings: FallbackStoreSettings): Promise<FallbackStore> {
    const store = new FallbackStore(settings);
    const reason = await store.#probe();
    if (reason !== null) {
      settings.onStateChange({ isShared: false, reason });
    }
    return store;
  }

  /** Whether decisions are made by the shared store now. */
  get isShared(): boolean {
    return this.#isShared;
  }

  take(charges: readonly Charge[], cost: number): Decision | Promise<Decision> {
    return this.#isShared ? this.#ask("take", charges, cost) : this.#local("take", charges, cost);
  }

  settle(charges: readonly Charge[], difference: number): Decision | Promise<Decision> {
    return this.#isShared ? this.#ask("settle", charges, difference) : this.#local("settle", charges, difference);
  }

  /**
   * Goes on with another shared store, such as one with new credentials, and closes the old one once its decisions are
   * made. Probe the new one first: if it gives none, the buckets in memory take over as at any loss.
   */
  async replaceShared(next: LosableStore): Promise<void> {
    const previous = this.#shared;
    this.#shared = next;
    if (!this.#isShared) {
      this.#pauseMs = firstPauseMs;
      this.#probeLater();
    }
    await previous.close();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#probeTimer);
    this.#settings.local.close();
    await this.#shared.close();
  }

  async #ask(action: "take" | "settle", charges: readonly Charge[], amount: number): Promise<Decision> {
    const shared = this.#shared;
    try {
      return await shared[action](charges, amount);
    } catch (error) {
      if (this.#isShared && this.#shared === shared) {
        this.#lose(reasonOf(error));
      }
      return this.#local(action, charges, amount);
    }
  }

  #local(action: "take" | "settle", charges: readonly Charge[], amount: number): Decision {
    const share = this.#settings.localShare();
    const reduced = charges.map(({ level, key, limit: { burst, refillPerSecond } }) => ({
      level,
      key,
      limit: { burst: Math.max(1, burst * share), refillPerSecond: refillPerSecond * share },
    }));
    return this.#settings.local[action](reduced, amount);
  }

  #lose(reason: string): void {
    this.#isShared = false;
    if (performance.now() - this.#sharedSinceMs > stableMs) {
      this.#pauseMs = firstPauseMs;
    }
    this.#settings.onStateChange({ isShared: false, reason });
    this.#probeLater();
  }

  #probeLater(): void {
    clearTimeout(this.#probeTimer);
    if (this.#isClosed) {
      return;
    }
    // Half of it at random, so that instances do not probe in step.
    this.#probeTimer = setTimeout(() => void this.#probe(), this.#pauseMs * (0.5 + Math.random() / 2)).unref();
    this.#pauseMs = Math.min(maxPauseMs, this.#pauseMs * 2);
  }

  /** Returns why the shared store is still lost, and looks again later; null when it is back. */
  async #probe(): Promise<string | null> {
    const shared = this.#shared;
    try {
      await shared.probe();
    } catch (error) {
      if (this.#shared === shared) {
        this.#probeLater();
      }
      return reasonOf(error);
    }
    if (this.#shared === shared && !this.#isClosed) {
      this.#isShared = true;
      this.#sharedSinceMs = performance.now();
      this.#settings.onStateChange({ isShared: true, reason: null });
    }
    return null;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof StoreUnavailableError ? error.reason : "unexpected";
}
