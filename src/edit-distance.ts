/** Items wrong, missing and too many in `given` (Levenshtein's distance). */
export function editDistance<Item>(reference: readonly Item[], given: readonly Item[]): number {
  let row = Array.from({ length: given.length + 1 }, (_, index) => index);
  for (const [index, wanted] of reference.entries()) {
    let diagonal = index;
    const next = [index + 1];
    for (const [column, item] of given.entries()) {
      const above = row[column + 1] ?? 0;
      next.push(Math.min(above + 1, (next[column] ?? 0) + 1, diagonal + (wanted === item ? 0 : 1)));
      diagonal = above;
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
