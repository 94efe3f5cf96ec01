/**
 * Byte pair encoding as `tiktoken` does it: of all neighbours that are a token together, those of the lowest id are
 * joined first, the leftmost of equals. A vocabulary in the order of its merges needs no list of them.
 *
 * Candidates wait in a heap, so that a word of n bytes takes O(n log n) time.
 */
export class TekkenMerges {
  /** By bytes, a Latin-1 character for each. */
  readonly #ids: ReadonlyMap<string, number>;
  readonly #longestToken: number;
  readonly #candidates = new LeastFirst();
  // By offset in the word where a part begins: where it ends, where the part before it begins, and the id of the token
  // that it and the part after it are together (-1: none, or no part begins there any more).
  #ends = new Int32Array(0);
  #previous = new Int32Array(0);
  #pairIds = new Int32Array(0);

  /** `ids`: by the bytes of a token, a Latin-1 character for each. Every single byte is a token. */
  constructor(ids: ReadonlyMap<string, number>) {
    this.#ids = ids;
    this.#longestToken = Array.from(ids.keys()).reduce((longest, bytes) => Math.max(longest, bytes.length), 0);
  }

  /** Appends the ids of a word's tokens to `ids`. `word`: a Latin-1 character for each byte. */
  encode(word: string, ids: number[]): void {
    const wholeId = this.#ids.get(word);
    if (wholeId !== undefined) {
      ids.push(wholeId);
      return;
    }
    this.#cutIntoBytes(word);
    this.#mergeParts(word);
    for (let begin = 0; begin < word.length; begin = this.#ends[begin]!) {
      ids.push(this.#ids.get(word.slice(begin, this.#ends[begin]))!);
    }
  }

  #cutIntoBytes(word: string): void {
    this.#reserve(word.length);
    for (let offset = 0; offset < word.length; offset++) {
      this.#ends[offset] = offset + 1;
      this.#previous[offset] = offset - 1;
    }
    for (let offset = 0; offset < word.length; offset++) {
      this.#offerPairAt(offset, word);
    }
  }

  // Offsets lie in the word, for which the arrays have room: here and below, all reads are in range.
  #mergeParts(word: string): void {
    for (let candidate = this.#candidates.take(); candidate !== undefined; candidate = this.#candidates.take()) {
      const begin = candidate % offsetsPerId;
      // A candidate whose parts have been joined with others since it was offered is none any more.
      if (this.#pairIds[begin] === (candidate - begin) / offsetsPerId) {
        const middle = this.#ends[begin]!;
        const end = this.#ends[middle]!;
        this.#pairIds[middle] = -1;
        this.#ends[begin] = end;
        if (end < word.length) {
          this.#previous[end] = begin;
        }
        this.#offerPairAt(begin, word);
        if (begin > 0) {
          this.#offerPairAt(this.#previous[begin]!, word);
        }
      }
    }
  }

  /** Makes the part that begins at `begin` and the one after it a candidate, if they are a token together. */
  #offerPairAt(begin: number, word: string): void {
    const middle = this.#ends[begin]!;
    const end = middle < word.length ? this.#ends[middle]! : Number.POSITIVE_INFINITY;
    const id = end - begin <= this.#longestToken ? this.#ids.get(word.slice(begin, end)) : undefined;
    this.#pairIds[begin] = id ?? -1;
    if (id !== undefined) {
      this.#candidates.add(id * offsetsPerId + begin);
    }
  }

  #reserve(length: number): void {
    if (this.#ends.length < length) {
      this.#ends = new Int32Array(2 * length);
      this.#previous = new Int32Array(2 * length);
      this.#pairIds = new Int32Array(2 * length);
    }
  }
}

/** A candidate is id × this + offset, an exact number: no string is longer than 2^30, no id larger than 2^22. */
const offsetsPerId = 2 ** 30;

/** A binary heap of numbers. */
class LeastFirst {
  readonly #heap: number[] = [];

  add(value: number): void {
    let slot = this.#heap.length;
    while (slot > 0) {
      const above = (slot - 1) >>> 1;
      if (this.#heap[above]! <= value) {
        break;
      }
      this.#heap[slot] = this.#heap[above]!;
      slot = above;
    }
    this.#heap[slot] = value;
  }

  /** Removes the least value and returns it. */
  take(): number | undefined {
    const least = this.#heap[0];
    const last = this.#heap.pop();
    if (last !== undefined && this.#heap.length > 0) {
      this.#sink(last);
    }
    return least;
  }

  /** Puts a value in the place of the least one, or below. */
  #sink(value: number): void {
    const size = this.#heap.length;
    let slot = 0;
    for (let below = 1; below < size; below = 2 * slot + 1) {
      const least = below + 1 < size && this.#heap[below + 1]! < this.#heap[below]! ? below + 1 : below;
      if (this.#heap[least]! >= value) {
        break;
      }
      this.#heap[slot] = this.#heap[least]!;
      slot = least;
    }
    this.#heap[slot] = value;
  }
}
