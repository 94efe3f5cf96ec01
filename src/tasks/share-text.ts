/** A cut in the middle of a clause, or between two clauses, is as bad as one at a sentence's end so many characters off. */
const cutInClause = 20;
const cutBetweenClauses = 10;

/** A word with the marks that French sets apart from it by spaces: « Tu viens ? ». */
const wordPattern = /(?:[«“("]+ )*[^ ]+(?: [»”")!?;:.,…]+(?= |$))*/gu;

/**
 * Shares the text of a window among its stretches of speech, in proportion to their lengths: the model does not tell
 * which words belong to which. Cuts are made between words, where a sentence or a clause ends if that is near enough,
 * because speakers pause there. A stretch may get nothing.
 *
 * @param lengths In any unit, none negative, together more than 0.
 * @returns One text per length, in order. Joined by spaces they are the text, its white space made single spaces.
 */
export function shareText(text: string, lengths: readonly number[]): string[] {
  const words = text.trim().replaceAll(/\s+/g, " ").match(wordPattern) ?? [];
  const places = placesBetween(words);
  const end = places.at(-1)?.position ?? 0;
  const total = lengths.reduce((sum, length) => sum + length, 0);
  let shared = 0;
  let from = 0;
  return lengths.map((length, index) => {
    shared += length;
    const isLast = index === lengths.length - 1;
    const to = isLast ? words.length : bestPlace(places, from, (end * shared) / total);
    const share = words.slice(from, to).join(" ");
    from = to;
    return share;
  });
}

/** Where the text can be cut: before its first word and after each. */
interface Place {
  /** In characters. */
  readonly position: number;
  readonly penalty: number;
}

function placesBetween(words: readonly string[]): Place[] {
  const places = [{ position: 0, penalty: cutInClause }];
  let position = 0;
  for (const word of words) {
    position += word.length + 1;
    places.push({ position, penalty: penaltyAfter(word) });
  }
  return places;
}

function penaltyAfter(word: string): number {
  if (/[.!?…][»”") ]*$/.test(word)) {
    return 0;
  }
  return /[,;:][»”") ]*$/.test(word) ? cutBetweenClauses : cutInClause;
}

/** Index of the best place to cut, from `from` on. To stay there, and give nothing, has no advantage over words. */
function bestPlace(places: readonly Place[], from: number, target: number): number {
  let best = from;
  let least = Number.POSITIVE_INFINITY;
  for (const [index, { position, penalty }] of places.entries()) {
    const badness = Math.abs(position - target) + (index === from ? cutInClause : penalty);
    if (index === from && position >= target) {
      // The stretch before got this one's share, too.
      return from;
    }
    if (index >= from && badness < least) {
      best = index;
      least = badness;
    }
  }
  return best;
}
