/**
 * The table of a SentencePiece normalizer (`precompiled_charsmap` in `tokenizer.json`): which sequences of characters are
 * written as which others.
 *
 * Layout, from sentencepiece's `normalizer.cc` and darts-clone: the size of the trie in bytes, the trie as a double
 * array of 32-bit units, then the replacements as UTF-8 strings that end with NUL.
 */
export class Charsmap {
  readonly #units: Uint32Array;
  readonly #replacements: Buffer;
  /** The longest sequence that the normalizer looks up as a whole; see `replacementFor`. */
  readonly #bytes = new Uint8Array(longestSequenceBytes);

  /** `encoded` is the base64 text of `tokenizer.json`. Throws a `RangeError` when it is not such a table. */
  constructor(encoded: string) {
    const table = Buffer.from(encoded, "base64");
    const trieBytes = table.length >= 4 ? table.readUInt32LE(0) : 0;
    if (trieBytes === 0 || trieBytes % 4 !== 0 || 4 + trieBytes > table.length) {
      throw new RangeError(
        `precompiled_charsmap is not a double array: ${table.length} bytes, ${trieBytes} of them trie`,
      );
    }
    this.#units = Uint32Array.from({ length: trieBytes / 4 }, (_, index) => table.readUInt32LE(4 + index * 4));
    this.#replacements = table.subarray(4 + trieBytes);
  }

  /**
   * What replaces `sequence`, or null when the table does not know it.
   *
   * As in the reference (`tokenizers`, `normalizers/precompiled.rs`), the shortest known beginning decides, the rest of the
   * sequence is dropped with it, and sequences of more than five bytes are unknown.
   */
  replacementFor(sequence: string): string | null {
    const { read, written } = encoder.encodeInto(sequence, this.#bytes);
    if (read < sequence.length) {
      return null;
    }
    const units = this.#units;
    let position = offsetOf(units[0] ?? 0);
    for (let index = 0; index < written; index++) {
      const byte = this.#bytes[index] ?? 0;
      position ^= byte;
      const unit = units[position] ?? 0;
      if (byte === 0 || labelOf(unit) !== byte) {
        return null;
      }
      position ^= offsetOf(unit);
      if (hasLeaf(unit)) {
        return this.#replacementAt(valueOf(units[position] ?? 0));
      }
    }
    return null;
  }

  #replacementAt(start: number): string {
    const end = this.#replacements.indexOf(0, start);
    return this.#replacements.toString("utf8", start, end < 0 ? this.#replacements.length : end);
  }
}

const longestSequenceBytes = 5;
const encoder = new TextEncoder();

// The fields of a double-array unit, from darts-clone's `DoubleArrayUnit`.
const labelOf = (unit: number): number => (unit & 0x8000_00ff) >>> 0;
const offsetOf = (unit: number): number => (unit >>> 10) << ((unit & 0x200) >>> 6);
const hasLeaf = (unit: number): boolean => (unit & 0x100) !== 0;
const valueOf = (unit: number): number => unit & 0x7fff_ffff;
