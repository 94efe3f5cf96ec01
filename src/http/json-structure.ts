/** How deep arrays and objects may be nested. The deepest valid body has four levels. */
export const maxNesting = 32;

/** How many values a body may separate by commas. The largest valid body has fewer than a hundred. */
export const maxCommas = 10_000;

const quote = 0x22;
const comma = 0x2c;
const backslash = 0x5c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/**
 * Why a JSON text should not be parsed at all, or null: nested too deeply, or made of too many values, which costs much
 * more time than its bytes let one expect. Linear, and says nothing about whether the text is valid JSON.
 */
export function structureProblem(json: string): string | null {
  let depth = 0;
  let commas = 0;
  for (let index = 0; index < json.length; index++) {
    switch (json.charCodeAt(index)) {
      case quote:
        index = endOfString(json, index);
        break;
      case openBracket:
      case openBrace:
        if (++depth > maxNesting) {
          return `The body is nested more than ${maxNesting} levels deep.`;
        }
        break;
      case closeBracket:
      case closeBrace:
        depth--;
        break;
      case comma:
        if (++commas > maxCommas) {
          return `The body has more than ${maxCommas} values.`;
        }
        break;
      default:
        break;
    }
  }
  return null;
}

/** Index of the quote that ends the string which starts at `start`; the last index when there is none. */
function endOfString(json: string, start: number): number {
  for (let from = start + 1; ; ) {
    const end = json.indexOf('"', from);
    if (end === -1) {
      return json.length;
    }
    let first = end;
    while (first > from && json.charCodeAt(first - 1) === backslash) {
      first--;
    }
    if ((end - first) % 2 === 0) {
      return end;
    }
    from = end + 1;
  }
}
