import { ByteLevelDecoder, type ByteLevelStream } from "./byte-level-decoder.ts";
import { TekkenMerges } from "./tekken-merges.ts";
import { readTekkenVocabulary, type TekkenVocabulary } from "./tekken-vocabulary.ts";

/** Text to the token ids of Mistral's models, such as Voxtral, and back: the ids that `mistral-common` gives. */
export class TekkenTokenizer {
  /** Tokens, the special ones among them: ids are below it. */
  readonly vocabularySize: number;
  readonly #wordPattern: RegExp;
  readonly #merges: TekkenMerges;
  readonly #decoder: ByteLevelDecoder;
  readonly #specialIds: ReadonlyMap<string, number>;

  private constructor({ tokens, ids, specialIds, wordPattern }: TekkenVocabulary) {
    this.vocabularySize = tokens.length;
    this.#wordPattern = wordPattern;
    this.#merges = new TekkenMerges(ids);
    this.#decoder = new ByteLevelDecoder(tokens);
    this.#specialIds = specialIds;
  }

  /**
   * Reads the folder's `tokenizer.json` or, where there is none, its `tekken.json`.
   * @throws OperatorError that names the file when it cannot be read or holds another kind of tokenizer.
   */
  static async load(folder: string): Promise<TekkenTokenizer> {
    return new TekkenTokenizer(await readTekkenVocabulary(folder));
  }

  /**
   * The ids of a text, in time O(n log n). A special token that somebody typed is ordinary text.
   * @throws TypeError when the text has a lone surrogate, for which there are no bytes.
   * @throws RangeError when one word has millions of characters (4 million are fine): regular expressions have a stack.
   */
  encode(text: string): Int32Array {
    if (!text.isWellFormed()) {
      throw new TypeError("A text with a lone surrogate has no tokens.");
    }
    const ids: number[] = [];
    for (const word of text.match(this.#wordPattern) ?? []) {
      this.#merges.encode(Buffer.from(word, "utf8").toString("latin1"), ids);
    }
    return Int32Array.from(ids);
  }

  /** See `ByteLevelDecoder.decode`. Special tokens are no text. */
  decode(tokenIds: Int32Array): string {
    return this.#decoder.decode(tokenIds);
  }

  /** The text of one window while its tokens arrive. */
  stream(): ByteLevelStream {
    return this.#decoder.stream();
  }

  /** The id of a special token such as `[AUDIO]`, or null when the vocabulary has none of that name. */
  specialTokenId(name: string): number | null {
    return this.#specialIds.get(name) ?? null;
  }
}
