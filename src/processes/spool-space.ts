/** The disk space that all uploads together may take. */
export class SpoolSpace {
  readonly #limit: () => number;
  #used = 0;

  /** @param limit bytes; read at every decision. */
  constructor(limit: () => number) {
    this.#limit = limit;
  }

  /** Takes so many bytes, or none and answers false. */
  take(bytes: number): boolean {
    if (this.#used + bytes > this.#limit()) {
      return false;
    }
    this.#used += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#used -= bytes;
  }
}
