const hourMs = 3_600_000;

/**
 * Ends the replacements of a model that needs too many: its successors leak too, and somebody must look.
 *
 * closed → open, when one more is asked for than an hour may have → closed, an hour later.
 */
export class ReplacementBreaker {
  /** When the replacements of the last hour were granted. */
  #grantedAt: number[] = [];
  #openedAt: number | null = null;

  /** Replacements within the last hour. */
  count(now: number): number {
    return this.#grantedAt.filter((at) => now - at < hourMs).length;
  }

  isOpen(now: number): boolean {
    return this.#openedAt !== null && now - this.#openedAt < hourMs;
  }

  /**
   * Whether a process may be replaced now. The first refusal opens the breaker.
   * @param now Milliseconds, on any clock that never goes back.
   * @param most Replacements in an hour; 0 for none.
   */
  grant(now: number, most: number): boolean {
    if (this.isOpen(now)) {
      return false;
    }
    this.#grantedAt = this.#grantedAt.filter((at) => now - at < hourMs);
    if (this.#openedAt !== null) {
      this.#openedAt = null;
      this.#grantedAt = [];
    }
    if (this.#grantedAt.length >= most) {
      this.#openedAt = now;
      return false;
    }
    this.#grantedAt.push(now);
    return true;
  }
}
