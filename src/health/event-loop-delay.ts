import { monitorEventLoopDelay } from "node:perf_hooks";

/** How often the delay is measured, in milliseconds. */
const resolutionMs = 10;

/**
 * By how much turns of the event loop are late: nine of ten by no more, over the last period. A single pause, of the
 * garbage collector or of the whole machine, does not show in it; work that never leaves the loop in peace does.
 */
export class EventLoopDelay {
  readonly #histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  #lastMs = 0;
  #periodStart: number;

  constructor(now: number = performance.now()) {
    this.#periodStart = now;
    this.#histogram.enable();
  }

  /** Of the period that ended last, in milliseconds; 0 during the first. */
  get milliseconds(): number {
    return this.#lastMs;
  }

  /** Begins another period when this one is over. */
  update(periodMs: number, now: number = performance.now()): void {
    if (now - this.#periodStart < periodMs) {
      return;
    }
    this.#periodStart = now;
    // Nanoseconds between two measurements, of which the resolution is meant to be.
    this.#lastMs = this.#histogram.count === 0 ? 0 : Math.max(0, this.#histogram.percentile(90) / 1e6 - resolutionMs);
    this.#histogram.reset();
  }

  close(): void {
    this.#histogram.disable();
  }
}
