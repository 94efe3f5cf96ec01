/** Adds up the time that one kind of work takes, in milliseconds. */
export class Stopwatch {
  #totalMs = 0;

  get totalMs(): number {
    return this.#totalMs;
  }

  time<Result>(work: () => Result): Result {
    const start = performance.now();
    const result = work();
    this.#totalMs += performance.now() - start;
    return result;
  }

  async timeAsync<Result>(work: () => Promise<Result>): Promise<Result> {
    const start = performance.now();
    const result = await work();
    this.#totalMs += performance.now() - start;
    return result;
  }
}
