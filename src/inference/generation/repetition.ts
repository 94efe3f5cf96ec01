/** Tokens that only repeat before a loop is certain: "non, non, non, non" is something that people say. */
const minRepeatedTokens = 24;
/** Copies of a pattern beside the first before a loop is certain, however long the pattern. */
const minRepeats = 3;

/** Notices when a model goes round in circles, the way speech models do on noise, on music and in too short a context. */
export class RepetitionGuard {
  readonly #tokenIds: number[] = [];
  /** By period: how many of the last tokens equal the one that stands this far before them. */
  readonly #runs: number[] = [];
  #repeatedTokens = 0;

  /** So many of the last tokens only repeat what stands before them; 0 when they are no loop. */
  get repeatedTokens(): number {
    return this.#repeatedTokens;
  }

  /** Takes the next token and says whether the last ones do nothing but repeat what stands before them. */
  push(tokenId: number): boolean {
    this.#repeatedTokens = 0;
    for (let period = 1; period <= this.#tokenIds.length; period++) {
      const run = this.#tokenIds.at(-period) === tokenId ? (this.#runs[period] ?? 0) + 1 : 0;
      this.#runs[period] = run;
      if (run >= Math.max(minRepeatedTokens, minRepeats * period)) {
        this.#repeatedTokens = Math.max(this.#repeatedTokens, run);
      }
    }
    this.#tokenIds.push(tokenId);
    return this.#repeatedTokens > 0;
  }
}
