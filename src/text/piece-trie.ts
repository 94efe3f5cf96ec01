/**
 * The pieces of a vocabulary as a tree of UTF-16 code units: `step` along a text's code units from `rootNode`, and where
 * a piece ends, `pieceAt` names it.
 *
 * The edges lie in one hash table of typed arrays (open addressing): 77,000 nodes take 3 MB and 50 ms to build, as a
 * `Map` per node they take 30 MB.
 */
export class PieceTrie {
  /** By node: index of the piece that ends there, or -1. */
  readonly #pieces: Int32Array;
  // One edge per slot: the node that it leaves (-1 in a free slot), its code unit, the node that it reaches.
  readonly #sources: Int32Array;
  readonly #codeUnits: Uint16Array;
  readonly #targets: Int32Array;

  constructor(pieces: readonly string[]) {
    const mostNodes = pieces.reduce((total, piece) => total + piece.length, 1);
    const slots = 2 ** Math.ceil(Math.log2(mostNodes));
    this.#pieces = new Int32Array(mostNodes).fill(-1);
    this.#sources = new Int32Array(slots).fill(-1);
    this.#codeUnits = new Uint16Array(slots);
    this.#targets = new Int32Array(slots);
    let nodes = 1;
    for (const [piece, text] of pieces.entries()) {
      let node = rootNode;
      for (let index = 0; index < text.length; index++) {
        const codeUnit = text.charCodeAt(index);
        const slot = this.#slotOf(node, codeUnit);
        if (this.#sources[slot] === -1) {
          this.#sources[slot] = node;
          this.#codeUnits[slot] = codeUnit;
          this.#targets[slot] = nodes++;
        }
        node = this.#targets[slot]!;
      }
      this.#pieces[node] = piece;
    }
  }

  /** The node that `codeUnit` leads to from `node`, or -1. */
  step(node: number, codeUnit: number): number {
    const slot = this.#slotOf(node, codeUnit);
    return this.#sources[slot] === -1 ? -1 : this.#targets[slot]!;
  }

  /** Index of the piece that ends at `node`, or -1. */
  pieceAt(node: number): number {
    return this.#pieces[node]!;
  }

  /** The slot of an edge, or the free slot where it would go. Slots are masked and nodes are ours: all reads are in range. */
  #slotOf(node: number, codeUnit: number): number {
    const mask = this.#sources.length - 1;
    const hash = Math.imul(node, 0x9e3779b1) ^ Math.imul(codeUnit, 0x85ebca6b);
    let slot = (hash ^ (hash >>> 15)) & mask;
    while (this.#sources[slot] !== -1 && (this.#sources[slot] !== node || this.#codeUnits[slot] !== codeUnit)) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }
}

/** Where every piece begins. */
export const rootNode = 0;
