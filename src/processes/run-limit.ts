import { ProcessorWaits, readThreadSchedules, type ThreadSchedules } from "./processor-waits.ts";

export interface RunLimitOptions {
  readonly pid: number;
  /** 1 or more. */
  readonly limitMs: number;
  /** Called once, and not after `end`. */
  readonly onExceeded: () => void;
  readonly readSchedules?: (pid: number) => ThreadSchedules;
}

/** Times that a process is looked at within its limit: runs that end before the first one, nearly all, cost no look. */
const looks = 4;
/** However little a process gets of the processors: nobody waits for more than so many times its limit. */
const mostLimits = 5;

/**
 * How long a run may take without a sign of progress.
 *
 * Time in which the process waited for a processor does not count: on a machine that is busy with other things a process
 * that is sound would else be killed, and its successor too. One that hangs waits for nothing or for itself.
 */
export class RunLimit {
  readonly #options: Required<RunLimitOptions>;
  #timer: NodeJS.Timeout;
  #startedAt = 0;
  /** From the first look on: what comes before it counts in full. */
  #waits = new ProcessorWaits();

  constructor(options: RunLimitOptions) {
    this.#options = { readSchedules: readThreadSchedules, ...options };
    this.#timer = this.#begin();
  }

  /** There was a sign of progress. */
  restart(): void {
    clearTimeout(this.#timer);
    this.#timer = this.#begin();
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  #begin(): NodeJS.Timeout {
    this.#startedAt = performance.now();
    this.#waits = new ProcessorWaits();
    return this.#plan(0);
  }

  #plan(usedMs: number): NodeJS.Timeout {
    const { limitMs } = this.#options;
    const restMs = Math.max(limitMs - usedMs, limitMs / 100);
    return setTimeout(() => this.#look(), Math.min(limitMs / looks, restMs));
  }

  #look(): void {
    const { pid, limitMs, onExceeded, readSchedules } = this.#options;
    const now = performance.now();
    const elapsedMs = now - this.#startedAt;
    const usedMs = elapsedMs - this.#waits.look(readSchedules(pid), now);
    if (usedMs >= limitMs || elapsedMs >= mostLimits * limitMs) {
      onExceeded();
    } else {
      this.#timer = this.#plan(usedMs);
    }
  }
}
