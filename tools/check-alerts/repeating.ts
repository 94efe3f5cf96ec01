import { setTimeout as sleep } from "node:timers/promises";

/** Does something again and again, one after the other, until its scope ends. Its failures end it and are told then. */
export class Repeating implements AsyncDisposable {
  readonly #over = new AbortController();
  readonly #done: Promise<void>;

  /** @param pauseMs between two of them. */
  constructor(pauseMs: number, action: () => Promise<void> | void) {
    this.#done = this.#repeat(pauseMs, action);
    this.#done.catch(() => {
      // Told where its end is waited for.
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await this.#done;
  }

  async #repeat(pauseMs: number, action: () => Promise<void> | void): Promise<void> {
    while (!this.#over.signal.aborted) {
      await action();
      await sleep(pauseMs);
    }
  }
}
