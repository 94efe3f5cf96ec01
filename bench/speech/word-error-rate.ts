/**
 * Words wrong, missing and too many, per word that was said, over all texts; capitals and punctuation do not count.
 * @returns 0 for equal texts; may be above 1.
 */
export function wordErrorRate(pairs: readonly { readonly said: string; readonly heard: string }[]): number {
  let errors = 0;
  let words = 0;
  for (const { said, heard } of pairs) {
    const reference = wordsOf(said);
    errors += distance(reference, wordsOf(heard));
    words += reference.length;
  }
  return errors / words;
}

function wordsOf(text: string): string[] {
  return (
    text
      .toLowerCase()
      .normalize("NFC")
      .match(/[\p{L}\p{N}]+/gu) ?? []
  );
}

/** Levenshtein's. */
function distance(reference: readonly string[], words: readonly string[]): number {
  let row = Array.from({ length: words.length + 1 }, (_, index) => index);
  for (const [index, said] of reference.entries()) {
    let diagonal = index;
    const next = [index + 1];
    for (const [column, heard] of words.entries()) {
      const above = row[column + 1] ?? 0;
      next.push(Math.min(above + 1, (next[column] ?? 0) + 1, diagonal + (said === heard ? 0 : 1)));
      diagonal = above;
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
