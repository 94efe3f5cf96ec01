export interface MapLimits {
  /** Items being worked on, read before each is taken. */
  readonly atOnce: () => number;
  /** Ends the iteration with its reason. */
  readonly signal: AbortSignal;
}

/**
 * Works on several items at once and yields the results in the items' order, each as soon as it is known. Items are
 * taken one by one, as long as there is room and somebody reads the results. The first failure ends it, whether of an
 * item that is next or of `items` itself; work that is under way is the caller's to stop.
 */
export async function* mapInOrder<Item, Result>(
  items: AsyncIterable<Item>,
  { atOnce, signal }: MapLimits,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result, void, undefined> {
  signal.throwIfAborted();
  const iterator = items[Symbol.asyncIterator]();
  // A race with a promise that lives as long as the iteration would hold every item until its end.
  let change = Promise.withResolvers<void>();
  const tell = (): void => change.resolve();
  signal.addEventListener("abort", tell, { once: true });
  const running: Outcome<Result>[] = [];
  let pull: Outcome<IteratorResult<Item, unknown>> | null = null;
  let hasEnded = false;
  try {
    for (;;) {
      if (pull === null && !hasEnded && running.length < atOnce()) {
        pull = new Outcome(iterator.next(), tell);
      }
      signal.throwIfAborted();
      const [first] = running;
      if (first?.isSettled === true) {
        running.shift();
        yield first.value();
      } else if (pull?.isSettled === true) {
        const next = pull.value();
        pull = null;
        if (next.done === true) {
          hasEnded = true;
        } else {
          running.push(new Outcome(work(next.value), tell));
        }
      } else if (pull === null && running.length === 0) {
        return;
      } else {
        await change.promise;
        change = Promise.withResolvers<void>();
      }
    }
  } finally {
    signal.removeEventListener("abort", tell);
    // Not awaited: a source that waits for its next item ends only after it.
    Promise.resolve(iterator.return?.()).catch(() => {});
  }
}

/** How a promise ends. A failure is met when its turn comes, or never: until then it does not count as unhandled. */
class Outcome<Value> {
  #value: (() => Value) | null = null;

  constructor(promise: Promise<Value>, onSettled: () => void) {
    promise.then(
      (value) => {
        this.#value = () => value;
        onSettled();
      },
      (error: unknown) => {
        this.#value = () => {
          throw error;
        };
        onSettled();
      },
    );
  }

  get isSettled(): boolean {
    return this.#value !== null;
  }

  /** @throws what the promise was rejected with. */
  value(): Value {
    if (this.#value === null) {
      throw new Error("the promise has not settled");
    }
    return this.#value();
  }
}
