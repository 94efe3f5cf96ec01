/** A text as the model reads it, and where its characters stand in the text as written. */
export interface FoldedText {
  readonly folded: string;
  /** The UTF-16 offset in the written text of an offset in the folded one; `end` offsets map to the end of what they end. */
  readonly writtenStart: (offset: number) => number;
  readonly writtenEnd: (offset: number) => number;
}

/**
 * Undoes writing that hides words from the tokenizer: runs of capitals become lower case, invisible characters inside words
 * go, and Cyrillic and Greek letters that look like Latin ones become Latin in words that hold Latin letters.
 *
 * Equal to `fold_text` of `tools/toxicity-model`, with which the model was trained. Linear in the text's length.
 */
export function foldText(text: string): FoldedText {
  const words = Array.from(text.matchAll(wordPattern), ({ 0: written, index }) => foldWord(written, index));
  lowerRuns(words);
  let folded = "";
  let at = 0;
  for (const { written, text: word, start } of words) {
    folded += text.slice(at, start) + word;
    at = start + written.length;
  }
  folded += text.slice(at);
  return folded.length === text.length
    ? { folded, writtenStart: (offset) => offset, writtenEnd: (offset) => offset }
    : { folded, ...writtenOffsets(text, words) };
}

interface FoldedWord {
  readonly written: string;
  /** UTF-16 offset in the written text. */
  readonly start: number;
  text: string;
  /** Positions of the invisible characters that went, in the written word. */
  readonly dropped: readonly number[];
}

function foldWord(written: string, start: number): FoldedWord {
  if (isAscii.test(written)) {
    return { written, start, text: written, dropped: [] };
  }
  const dropped = anyLetter.test(written) ? Array.from(written.matchAll(invisible), ({ index }) => index) : [];
  const visible = dropped.length === 0 ? written : written.replaceAll(invisible, "");
  const text = latinLetter.test(visible) ? visible.replaceAll(lookalike, (letter) => latinFor[letter]!) : visible;
  return { written, start, text, dropped };
}

/** Lower case for each run of words without a lower-case letter: two words or more, or the whole text. */
function lowerRuns(words: FoldedWord[]): void {
  let start = 0;
  while (start < words.length) {
    let end = start;
    let capitals = 0;
    let shouted = 0;
    for (let count = 0; end < words.length && (count = capitalsOf(words[end]!.text)) >= 0; end++) {
      capitals += count;
      shouted += count > 0 ? 1 : 0;
    }
    if (capitals >= fewestCapitals && (shouted > 1 || end - start === words.length)) {
      for (const word of words.slice(start, end)) {
        word.text = lower(word.text);
      }
    }
    start = end + 1;
  }
}

/** Letters in capitals; -1 when a letter is in lower case. */
function capitalsOf(word: string): number {
  let capitals = 0;
  for (const letter of word) {
    const upper = letter.toUpperCase();
    if (letter.toLowerCase() !== upper) {
      if (letter !== upper) {
        return -1;
      }
      capitals++;
    }
  }
  return capitals;
}

/** Letter by letter, so that offsets stay: a letter whose lower case is longer (İ) is left as it is. */
function lower(word: string): string {
  let out = "";
  for (const letter of word) {
    const lowered = letter.toLowerCase();
    out += lowered.length === letter.length ? lowered : letter;
  }
  return out;
}

function writtenOffsets(text: string, words: readonly FoldedWord[]): Pick<FoldedText, "writtenStart" | "writtenEnd"> {
  const gone = new Set(words.flatMap(({ start, dropped }) => dropped.map((position) => start + position)));
  const kept = new Uint32Array(text.length - gone.size);
  let at = 0;
  for (let offset = 0; offset < text.length; offset++) {
    if (!gone.has(offset)) {
      kept[at++] = offset;
    }
  }
  return {
    writtenStart: (offset) => kept[offset] ?? text.length,
    writtenEnd: (offset) => (offset === 0 ? 0 : (kept[offset - 1] ?? text.length) + 1),
  };
}

/** Runs of what is not Unicode White_Space. */
const wordPattern = /\P{White_Space}+/gu;
// oxlint-disable-next-line no-control-regex -- the range of ASCII begins with control characters
const isAscii = /^[\0-\x7f]*$/;
const anyLetter = /\p{L}/u;
const latinLetter = /[A-Za-z\u00c0-\u024f]/;
/**
 * Soft hyphen, zero-width space and (non-)joiner, direction marks, word joiner, text variation selector, byte-order mark,
 * Mongolian vowel separator. Joiners of emoji stay: a word of emoji holds no letter.
 */
// oxlint-disable-next-line no-misleading-character-class -- each is meant by itself
const invisible = /[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe0e\ufeff]/g;
const scripts = "аеорсухіјѕԁһкмтвнАЕОРСУХІЈЅКМТВНαοερνικτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ";
const latin = "aeopcyxijsdhkmtbhAEOPCYXIJSKMTBHaoepviktuxABEZHIKMNOPTYX";
const latinFor: Readonly<Record<string, string>> = Object.fromEntries(Array.from(scripts, (c, i) => [c, latin[i]!]));
const lookalike = new RegExp(`[${scripts}]`, "g");
/** Below it a text in capitals is rather an acronym. */
const fewestCapitals = 4;
