import { PieceTrie, rootNode } from "./piece-trie.ts";
import type { SpecialToken, UnigramModel } from "./tokenizer-files.ts";

/** The pieces of a word in order. */
export interface Pieces {
  readonly ids: readonly number[];
  /** UTF-16 offset in the word at which each piece ends, exclusive. */
  readonly ends: readonly number[];
}

/**
 * A Unigram language model: splits a word into the pieces that are together most likely (Viterbi; Kudo, ACL 2018), in
 * time linear in its length.
 *
 * No text can reach a control piece: the vocabulary lists them as ordinary pieces with the best score of all, so that
 * a typed `</s>` would become one (it does in `transformers`, with `split_special_tokens` too) and end the sentence, and a
 * typed `<pad>` would shift the positions.
 */
export class Unigram {
  readonly #trie: PieceTrie;
  readonly #scores: Float64Array;
  readonly #unknownId: number;
  readonly #unknownScore: number;
  // By offset in the word: score of the best way there, and the last piece of that way: its id and where it begins.
  #bestScores = new Float64Array(0);
  #ids = new Int32Array(0);
  #begins = new Int32Array(0);

  constructor(model: UnigramModel, specialTokens: readonly SpecialToken[]) {
    const isControlPiece = (piece: string): boolean => specialTokens.some(({ content }) => piece.includes(content));
    this.#trie = new PieceTrie(model.vocab.map(([piece]) => (isControlPiece(piece) ? "" : piece)));
    this.#scores = Float64Array.from(model.vocab, ([, score]) => score);
    this.#unknownId = model.unk_id;
    this.#unknownScore = this.#scores.reduce((least, score) => Math.min(least, score)) - unknownPenalty;
  }

  /** `word` is normalized. Unknown characters in a row are one unknown piece. */
  encode(word: string): Pieces {
    this.#reserve(word.length + 1);
    this.#bestScores.fill(Number.NEGATIVE_INFINITY, 1, word.length + 1);
    for (let begin = 0; begin < word.length; begin += characterLength(word, begin)) {
      this.#tryPiecesFrom(begin, word);
    }
    return this.#bestWayTo(word.length);
  }

  /** Tries every piece that begins at `begin` behind the best way there. */
  #tryPiecesFrom(begin: number, word: string): void {
    // Here and below, offsets lie in the word, for which the arrays have room, and ids in the vocabulary.
    const score = this.#bestScores[begin]!;
    const characterEnd = begin + characterLength(word, begin);
    let isKnown = false;
    let node: number = rootNode;
    for (let end = begin + 1; end <= word.length; end++) {
      node = this.#trie.step(node, word.charCodeAt(end - 1));
      if (node === -1) {
        break;
      }
      const id = this.#trie.pieceAt(node);
      if (id !== -1) {
        this.#offer(end, begin, id, score + this.#scores[id]!);
        isKnown ||= end === characterEnd;
      }
    }
    if (!isKnown) {
      this.#offer(characterEnd, begin, this.#unknownId, score + this.#unknownScore);
    }
  }

  #offer(end: number, begin: number, id: number, score: number): void {
    if (score > this.#bestScores[end]!) {
      this.#bestScores[end] = score;
      this.#ids[end] = id;
      this.#begins[end] = begin;
    }
  }

  #bestWayTo(wordEnd: number): Pieces {
    const ids: number[] = [];
    const ends: number[] = [];
    for (let end = wordEnd; end > 0; end = this.#begins[end]!) {
      const id = this.#ids[end]!;
      if (id !== this.#unknownId || ids.at(-1) !== id) {
        ids.push(id);
        ends.push(end);
      }
    }
    return { ids: ids.toReversed(), ends: ends.toReversed() };
  }

  #reserve(length: number): void {
    if (this.#ids.length < length) {
      this.#bestScores = new Float64Array(2 * length);
      this.#ids = new Int32Array(2 * length);
      this.#begins = new Int32Array(2 * length);
    }
  }
}

/** How far below the least likely piece an unknown character scores: `K_UNK_PENALTY` of sentencepiece and `tokenizers`. */
const unknownPenalty = 10;

function characterLength(text: string, offset: number): number {
  return (text.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1;
}
