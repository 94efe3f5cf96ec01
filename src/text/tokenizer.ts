import { Charsmap } from "./charsmap.ts";
import { Normalizer } from "./normalizer.ts";
import { readTokenizerFiles, type TokenizerFiles } from "./tokenizer-files.ts";
import { Unigram } from "./unigram.ts";
import { cutIntoWords, type Word } from "./words.ts";

/** A word, or one piece of a word that is too long, with its token ids: never none. */
export interface Chunk {
  readonly ids: readonly number[];
  /** UTF-16 offset in the text, inclusive. */
  readonly start: number;
  /** UTF-16 offset in the text, exclusive. */
  readonly end: number;
}

export interface TokenizerOptions {
  /** Tokens of the longest word that stays one chunk. */
  readonly maxChunkTokens: number;
}

/**
 * Text to the token ids of a CamemBERT model, with offsets, in time linear in the text's length.
 *
 * The pre-tokenizer splits at white space and words are encoded one by one, so the chunks' ids in a row are the ids of
 * the text: those that `transformers` gives, but for special tokens that somebody typed, which are ordinary text here.
 */
export class Tokenizer {
  /** Id of the token that begins every sequence. */
  readonly startId: number;
  /** Id of the token that ends every sequence. */
  readonly endId: number;
  /** Id of the piece for characters that the vocabulary does not hold. */
  readonly unknownId: number;
  /** Id of the mark of a word's beginning alone; null where the vocabulary has no such piece. */
  readonly wordStartId: number | null;
  readonly #wordBeginnings: ReadonlySet<number>;
  readonly #normalizer: Normalizer;
  readonly #unigram: Unigram;
  readonly #maxChunkTokens: number;

  constructor(files: TokenizerFiles, { maxChunkTokens }: TokenizerOptions) {
    this.startId = files.startId;
    this.endId = files.endId;
    this.unknownId = files.model.unk_id;
    const mark = files.model.vocab.findIndex(([piece]) => piece === wordStart);
    this.wordStartId = mark === -1 ? null : mark;
    this.#wordBeginnings = new Set(
      files.model.vocab.flatMap(([piece], id) => (piece.startsWith(wordStart) ? [id] : [])),
    );
    this.#normalizer = new Normalizer(new Charsmap(files.charsmap));
    this.#unigram = new Unigram(files.model, files.specialTokens);
    this.#maxChunkTokens = maxChunkTokens;
  }

  /** Reads the folder's tokenizer files. Throws an error that names the file when one is missing or unfit. */
  static load(folder: string, options: TokenizerOptions): Tokenizer {
    return new Tokenizer(readTokenizerFiles(folder), options);
  }

  /** Whether a word begins with the piece: with the mark of a beginning alone, or with it and more. */
  readonly beginsWord = (id: number): boolean => this.#wordBeginnings.has(id);

  /** The chunks of a text in order, without special tokens. Words that give no tokens are left out. */
  encode(text: string): Chunk[] {
    const chunks: Chunk[] = [];
    for (const word of cutIntoWords(text, this.#normalizer)) {
      for (const chunk of this.#chunksOf(word, text.slice(word.start, word.end))) {
        chunks.push(chunk);
      }
    }
    return chunks;
  }

  #chunksOf(word: Word, written: string): readonly Chunk[] {
    const normalized = this.#normalizer.normalize(written);
    // A code unit gives at most a piece and a mark before it, so most words need not be measured.
    if (2 * normalized.length <= this.#maxChunkTokens) {
      return inOneChunk(word, this.#idsOf(normalized));
    }
    const pieces = this.#piecesOf(word, written);
    if (pieces.length > this.#maxChunkTokens) {
      return pieces;
    }
    const ids = pieces.flatMap((piece) => piece.ids);
    return inOneChunk(word, ids);
  }

  #idsOf(normalized: string): readonly number[] {
    const [first = "", ...others] = normalized.split(whiteSpace);
    if (first !== "" && others.length === 0) {
      return this.#unigram.encode(wordStart + first).ids;
    }
    // Some characters are written as several words (U+FDFA as four), or as nothing.
    return [first, ...others].flatMap((part) => (part === "" ? [] : this.#unigram.encode(wordStart + part).ids));
  }

  /** Each piece of a word as a chunk. Where a character becomes several pieces, each has the whole character's place. */
  #piecesOf(word: Word, written: string): Chunk[] {
    const chunks: Chunk[] = [];
    const { normalized, starts, ends } = this.#normalizer.align(written);
    for (const { 0: part, index } of normalized.matchAll(noWhiteSpace)) {
      const pieces = this.#unigram.encode(wordStart + part);
      let first = index;
      for (const [piece, id] of pieces.ids.entries()) {
        const next = index + (pieces.ends[piece] ?? 0) - wordStart.length;
        // The mark alone can be a piece: it goes with the first character. Both offsets lie in the normalized word.
        const last = Math.max(first, next - 1);
        chunks.push({ ids: [id], start: word.start + starts[first]!, end: word.start + ends[last]! });
        first = next;
      }
    }
    return chunks;
  }
}

function inOneChunk({ start, end }: Word, ids: readonly number[]): readonly Chunk[] {
  return ids.length > 0 ? [{ ids, start, end }] : [];
}

const whiteSpace = /\p{White_Space}+/u;
const noWhiteSpace = /\P{White_Space}+/gu;
/** SentencePiece's mark for the beginning of a word. */
const wordStart = "\u2581";
