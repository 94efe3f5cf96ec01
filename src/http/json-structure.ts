import { maxTextLength, maxTexts } from "../admission/input-limits.ts";

/** How deep arrays and objects may be nested. The deepest valid body has four levels. */
export const maxNesting = 32;

/** How many commas, arrays and objects a body may have. The largest valid body has fewer than a hundred. */
export const maxValues = 10_000;

/**
 * How many characters may stand outside strings, be quotes, or be backslashes before quotes: these are looked at one by
 * one. Each character of a text needs two at most; the rest is for structure and white space.
 */
export const maxScanned = 2 * maxTexts * maxTextLength + 65_536;

const quote = 0x22;
const comma = 0x2c;
const backslash = 0x5c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/**
 * Why a JSON text should not be parsed at all, or null: nested too deeply, made of too many values, or with too much to
 * look at, all of which cost much more time than the bytes let one expect. Says nothing about whether the text is valid
 * JSON.
 */
export function structureProblem(json: string): string | null {
  let depth = 0;
  let values = 0;
  let scanned = 0;
  let isInString = false;
  for (let index = 0; index < json.length; index++) {
    if (isInString) {
      index = json.indexOf('"', index);
      if (index === -1) {
        return null;
      }
      const backslashes = countBackslashes(json, index, maxScanned - scanned);
      scanned += backslashes;
      isInString = backslashes % 2 === 1;
    } else {
      switch (json.charCodeAt(index)) {
        case quote:
          isInString = true;
          break;
        case openBracket:
        case openBrace:
          values++;
          if (++depth > maxNesting) {
            return `The body is nested more than ${maxNesting} levels deep.`;
          }
          break;
        case closeBracket:
        case closeBrace:
          depth--;
          break;
        case comma:
          values++;
          break;
        default:
          break;
      }
      if (values > maxValues) {
        return `The body has more than ${maxValues} values.`;
      }
    }
    if (++scanned > maxScanned) {
      return `The body has more than ${maxScanned} quotes and characters outside of strings.`;
    }
  }
  return null;
}

/** Backslashes directly before `end`, or `limit` of them when they are more. */
function countBackslashes(json: string, end: number, limit: number): number {
  let count = 0;
  while (count < limit && json.charCodeAt(end - 1 - count) === backslash) {
    count++;
  }
  return count;
}
