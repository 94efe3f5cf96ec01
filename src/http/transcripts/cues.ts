/** The longest line of a subtitle, in UTF-16 units: what broadcasters hold for readable at a glance. */
export const maxLineLength = 42;

/** Lines that are shown at once. */
export const maxLines = 2;

/** What is shown at once. Times in milliseconds (integers). */
export interface Cue {
  readonly startMs: number;
  /** After `startMs`. */
  readonly endMs: number;
  /** One or two, none empty, each without line breaks or control characters. */
  readonly lines: readonly string[];
}

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/**
 * Cuts what was said from `startMs` to `endMs` into cues that can be read. Each gets a share of the time in proportion
 * to its characters, a millisecond at least. A text without a visible character gives none.
 */
export function toCues(text: string, startMs: number, endMs: number): Cue[] {
  const lines = breakLines(wordsOf(text));
  const shown = Array.from({ length: Math.ceil(lines.length / maxLines) }, (_, index) =>
    lines.slice(index * maxLines, (index + 1) * maxLines),
  );
  const durationMs = Math.max(endMs - startMs, shown.length);
  const total = lengthOf(lines);
  let from = startMs;
  let length = 0;
  return shown.map((cueLines, index) => {
    length += lengthOf(cueLines);
    const left = shown.length - 1 - index;
    const share = startMs + Math.round((durationMs * length) / total);
    // A millisecond for this cue, and one for each that follows.
    const to = Math.min(Math.max(share, from + 1), startMs + durationMs - left);
    const cue = { startMs: from, endMs: to, lines: cueLines };
    from = to;
    return cue;
  });
}

/** Words, none longer than a line. */
function wordsOf(text: string): string[] {
  return text
    .toWellFormed()
    .replaceAll(/\p{Cc}/gu, " ")
    .split(/\s+/)
    .flatMap(cutWord);
}

/** Pieces of a word that fit a line; no piece for an empty word. A visible character is cut only if it does not fit. */
function cutWord(word: string): string[] {
  if (word.length <= maxLineLength) {
    return word === "" ? [] : [word];
  }
  const pieces = [""];
  for (const { segment } of graphemes.segment(word)) {
    for (const part of segment.length > maxLineLength ? segment : [segment]) {
      const last = pieces.at(-1) ?? "";
      if (last.length + part.length > maxLineLength) {
        pieces.push(part);
      } else {
        pieces[pieces.length - 1] = last + part;
      }
    }
  }
  return pieces;
}

/** As few lines as possible, and of those the most even: the narrowest width that needs no more of them. */
function breakLines(words: readonly string[]): string[] {
  const widest = fill(words, maxLineLength);
  const evenWidth = Math.ceil(lengthOf(widest) / Math.max(1, widest.length));
  for (let width = evenWidth; width < maxLineLength; width++) {
    const lines = fill(words, width);
    if (lines.length === widest.length && lines.every((line) => line.length <= width)) {
      return lines;
    }
  }
  return widest;
}

/** Puts as many words on each line as fit into `width`. */
function fill(words: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) {
      lines.push(word);
    } else {
      lines[lines.length - 1] = `${last} ${word}`;
    }
  }
  return lines;
}

function lengthOf(lines: readonly string[]): number {
  return lines.reduce((total, line) => total + line.length, 0);
}
