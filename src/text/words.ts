import type { Normalizer } from "./normalizer.ts";

/** Where a word lies in a text, in UTF-16 offsets: `end` is exclusive. */
export interface Word {
  readonly start: number;
  readonly end: number;
}

/** The words of a text in order. What lies between them is white space to the tokenizer. */
export function cutIntoWords(text: string, normalizer: Pick<Normalizer, "isSeparatorAt">): Word[] {
  const words: Word[] = [];
  let start = 0;
  while (start < text.length) {
    let end = start;
    while (end < text.length && !normalizer.isSeparatorAt(text, end)) {
      end++;
    }
    if (end > start) {
      words.push({ start, end });
    }
    start = end + 1;
  }
  return words;
}
