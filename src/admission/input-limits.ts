/** Texts of one request. */
export const maxTexts = 32;

/** Unicode code points of one text. */
export const maxTextLength = 10_000;

/** Milliseconds that a client may ask us to take. */
export const minTimeoutMs = 50;
export const maxTimeoutMs = 120_000;

/** What is invisible: white space, control and format characters, and what Unicode says to ignore when displayed. */
const visibleCharacter = /[^\s\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/u;

/** Whether nothing is left of a text once white space and invisible characters are removed. */
export function isBlank(text: string): boolean {
  return !visibleCharacter.test(text);
}

/** The number of Unicode code points of a well-formed string: UTF-16 units less one for each surrogate pair. */
export function countCodePoints(text: string): number {
  let count = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit >= 0xd800 && unit <= 0xdbff) {
      count--;
    }
  }
  return count;
}

/** Why a text cannot be classified, as the end of a sentence that starts with its place; null when it can. */
export function textProblem(text: string): string | null {
  if (text === "") {
    return "must not be empty";
  }
  if (!text.isWellFormed()) {
    return "must be well-formed Unicode, but has a surrogate without its pair";
  }
  // Code points are at most as many as UTF-16 units: most texts need no count.
  const length = text.length <= maxTextLength ? text.length : countCodePoints(text);
  if (length > maxTextLength) {
    return `must have at most ${maxTextLength} characters, received ${length}`;
  }
  return isBlank(text) ? "must not be blank" : null;
}
