import type { CollectorName, EventBus } from "../events.ts";
import { afterFailure, type BreakerSettings, closedBreaker, mayTry } from "./circuit-breaker.ts";

export interface CollectorOptions<Facts> {
  readonly name: CollectorName;
  /** Finds the facts out. It may fail, and may never come to an end. */
  readonly collect: () => Promise<Facts>;
  /** What can be told without `collect`, at once and always: nothing, perhaps. */
  readonly minimal: () => Facts;
  /** Milliseconds that one attempt may take. */
  readonly timeoutMs: () => number;
  /** Facts older than this are told no more, in milliseconds. */
  readonly keepMs: () => number;
  /** Milliseconds to the next attempt after many failures in a row; 10 minutes where nothing is said. */
  readonly longestBackoffMs?: () => number;
  readonly events: EventBus;
}

/** What is known now. */
export interface Reading<Facts> {
  readonly facts: Facts;
  /** Of the facts, in milliseconds; null when they are the minimal ones. */
  readonly ageMs: number | null;
  /** Why there are no newer ones; null when the last attempt went well. */
  readonly problem: string | null;
}

/** Failures may pass at the next attempt; from the third on there is time. */
const breakerSettings: BreakerSettings = { openAfter: 3, initialMs: 10_000, maxMs: 600_000 };

/**
 * Keeps facts about the machine at hand, and outlives the failures of whatever finds them out: an attempt has a time
 * limit; there is never a second one while the first still hangs; failures in a row make it try ever more seldom; and
 * meanwhile the last good facts are told with their age, then minimal ones.
 */
export class Collector<Facts> {
  readonly #options: CollectorOptions<Facts>;
  #facts: { readonly value: Facts; readonly at: number } | null = null;
  #problem: string | null = null;
  #breaker = closedBreaker;
  #hangs = false;
  #isCollecting = false;

  constructor(options: CollectorOptions<Facts>) {
    this.#options = options;
  }

  latest(now: number = performance.now()): Reading<Facts> {
    const known = this.#facts;
    if (known === null || now - known.at > this.#options.keepMs()) {
      return { facts: this.#options.minimal(), ageMs: null, problem: this.#problem };
    }
    return { facts: known.value, ageMs: now - known.at, problem: this.#problem };
  }

  /** Makes one attempt, unless one is under way or it is not time for one yet. Never throws. */
  async collect(now: () => number = () => performance.now()): Promise<void> {
    if (this.#isCollecting || !mayTry(this.#breaker, now())) {
      return;
    }
    if (this.#hangs) {
      this.#fail("the last attempt has not come to an end yet", now());
      return;
    }
    this.#isCollecting = true;
    try {
      const value = await this.#attempt();
      this.#facts = { value, at: now() };
      this.#recover();
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : "unknown", now());
    } finally {
      this.#isCollecting = false;
    }
  }

  async #attempt(): Promise<Facts> {
    const timeout = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      this.#hangs = true;
      timeout.reject(new Error(`no answer within ${this.#options.timeoutMs()} ms`));
    }, this.#options.timeoutMs());
    // Also what throws at once, without a promise, ends the attempt.
    const attempt = (async () => this.#options.collect())();
    const end = (): void => {
      clearTimeout(timer);
      this.#hangs = false;
    };
    attempt.then(end, end);
    return Promise.race([attempt, timeout.promise]);
  }

  #fail(problem: string, now: number): void {
    const isNews = this.#problem === null;
    this.#problem = problem;
    this.#breaker = afterFailure(this.#breaker, now, {
      ...breakerSettings,
      maxMs: this.#options.longestBackoffMs?.() ?? breakerSettings.maxMs,
    });
    this.#options.events.emit("collector_failed", { collector: this.#options.name, problem, isNews });
  }

  #recover(): void {
    this.#breaker = closedBreaker;
    if (this.#problem !== null) {
      this.#problem = null;
      this.#options.events.emit("collector_recovered", { collector: this.#options.name });
    }
  }
}
