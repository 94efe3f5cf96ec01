import { editDistance } from "../../src/edit-distance.ts";

/**
 * Words wrong, missing and too many, per word that was said, over all texts; capitals and punctuation do not count.
 * @returns 0 for equal texts; may be above 1.
 */
export function wordErrorRate(pairs: readonly { readonly said: string; readonly heard: string }[]): number {
  let errors = 0;
  let words = 0;
  for (const { said, heard } of pairs) {
    const reference = wordsOf(said);
    errors += editDistance(reference, wordsOf(heard));
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
