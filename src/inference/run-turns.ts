/** A run lets others go first for so long in all, in milliseconds: about what a window takes. */
const patienceMs = 2_000;

/**
 * Decides which of the runs under way goes on. The latest goes first: the parent puts a run beside another only for a
 * request that has nothing else running, such as a short clip beside a long file. Earlier runs wait between their steps
 * until it has ended, or until they have waited long enough in all; then they take turns with it.
 */
export class RunTurns {
  readonly #runs: Turn[] = [];

  /** A run begins. */
  begin(): Turn {
    const turn = new Turn(
      () => this.#runs.at(-1),
      () => {
        this.#runs.splice(this.#runs.indexOf(turn), 1);
      },
    );
    this.#runs.push(turn);
    return turn;
  }
}

/** The place of one run among the others. */
export class Turn {
  readonly #latest: () => Turn | undefined;
  readonly #leave: () => void;
  readonly #ended = Promise.withResolvers<void>();
  #patienceMs = patienceMs;

  constructor(latest: () => Turn | undefined, leave: () => void) {
    this.#latest = latest;
    this.#leave = leave;
  }

  /** Between two steps: resolves when this run may go on. */
  async next(): Promise<void> {
    for (let latest = this.#latest(); latest !== undefined && latest !== this; latest = this.#latest()) {
      if (this.#patienceMs <= 0) {
        return;
      }
      const start = performance.now();
      await settledWithin(latest.#ended.promise, this.#patienceMs);
      this.#patienceMs -= performance.now() - start;
    }
  }

  /** The run is over. */
  end(): void {
    this.#leave();
    this.#ended.resolve();
  }
}

async function settledWithin(promise: Promise<void>, milliseconds: number): Promise<void> {
  const timeout = Promise.withResolvers<void>();
  const timer = setTimeout(timeout.resolve, milliseconds);
  await Promise.race([promise, timeout.promise]);
  clearTimeout(timer);
}
