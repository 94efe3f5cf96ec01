import type { Charsmap } from "./charsmap.ts";

/** A normalized text and where each of its UTF-16 code units comes from: offsets in the original, `ends` exclusive. */
export interface AlignedText {
  readonly normalized: string;
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

/**
 * Writes text the way the model's vocabulary does, exactly as the reference library `tokenizers` does with the same table
 * (`@huggingface/tokenizers` takes NFKC instead, which is not the same).
 */
export class Normalizer {
  readonly #charsmap: Charsmap;
  /** What each UTF-16 code unit is. Nearly all text is `unchanged`, which spares it every look-up. */
  readonly #kinds: Uint8Array;

  constructor(charsmap: Charsmap) {
    this.#charsmap = charsmap;
    this.#kinds = Uint8Array.from({ length: 0x1_0000 }, (_, codeUnit) => this.#kindOf(codeUnit));
  }

  /** White space in the result is any of Unicode's `White_Space`. */
  normalize(text: string): string {
    if (this.#kindsIn(text) === unchanged) {
      return text;
    }
    let normalized = "";
    this.#replace(text, (replacement) => {
      normalized += replacement;
    });
    return normalized;
  }

  /** As `normalize`, for who needs to find the way back. */
  align(text: string): AlignedText {
    let normalized = "";
    const starts: number[] = [];
    const ends: number[] = [];
    this.#replace(text, (replacement, start, end) => {
      normalized += replacement;
      for (let unit = 0; unit < replacement.length; unit++) {
        starts.push(start);
        ends.push(end);
      }
    });
    return { normalized, starts, ends };
  }

  /** Whether a text can be cut into words around the code unit at `index`: it becomes white space, on its own. */
  isSeparatorAt(text: string, index: number): boolean {
    return this.#kinds[text.charCodeAt(index)] === separator && !joinsPrevious(text, index + 1);
  }

  #kindOf(codeUnit: number): number {
    const character = String.fromCharCode(codeUnit);
    if ((codeUnit & 0xf800) === 0xd800 || joiner.test(character)) {
      return complex;
    }
    const replacement = this.#charsmap.replacementFor(character);
    if (onlyWhiteSpace.test(replacement ?? character)) {
      return separator;
    }
    return replacement === null ? unchanged : replaced;
  }

  #kindsIn(text: string): number {
    let kinds = 0;
    for (let index = 0; index < text.length; index++) {
      kinds |= this.#kinds[text.charCodeAt(index)] ?? 0;
    }
    return kinds;
  }

  #replace(text: string, visit: ReplacementVisitor): void {
    if ((this.#kindsIn(text) & complex) === 0) {
      this.#replaceCharacters(text, 0, visit);
      return;
    }
    // The table replaces a small grapheme as a whole: `e` and a combining acute are one `é`.
    for (const { segment, index } of graphemes.segment(text)) {
      const replacement = this.#charsmap.replacementFor(segment);
      if (replacement === null) {
        this.#replaceCharacters(segment, index, visit);
      } else {
        visit(replacement, index, index + segment.length);
      }
    }
  }

  #replaceCharacters(text: string, offset: number, visit: ReplacementVisitor): void {
    let start = offset;
    for (const character of text) {
      const end = start + character.length;
      visit(this.#charsmap.replacementFor(character) ?? character, start, end);
      start = end;
    }
  }
}

/** Whether the character at `index` may form one grapheme with the character before it. */
export function joinsPrevious(text: string, index: number): boolean {
  const codePoint = text.codePointAt(index);
  return codePoint !== undefined && codePoint >= firstJoiner && joiner.test(String.fromCodePoint(codePoint));
}

/** Gets what stands for the text from `start` to `end`. */
type ReplacementVisitor = (replacement: string, start: number, end: number) => void;

// Bits, so that the kinds in a word can be gathered in one number.
const unchanged = 0;
const replaced = 1;
const separator = 2;
/** Half of a surrogate pair, or a joiner. */
const complex = 4;

/**
 * Grapheme_Cluster_Break = Extend, ZWJ or SpacingMark (UAX #29). Without one of these every character is looked up alone:
 * the other graphemes of several characters (conjoining Hangul, flags) are too long for the table, or are line breaks.
 */
const joiner = /[\p{M}\p{Grapheme_Extend}\p{Emoji_Modifier}\u200d\u0e33\u0eb3]/u;
const firstJoiner = 0x300;
const onlyWhiteSpace = /^\p{White_Space}+$/u;
const graphemes = new Intl.Segmenter("und", { granularity: "grapheme" });
