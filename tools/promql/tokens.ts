/** The smallest parts of a PromQL expression, as far as finding names and durations needs them. */
export type TokenKind = "name" | "number" | "duration" | "string" | "operator" | "punctuation";

export interface Token {
  readonly kind: TokenKind;
  /** As it is written; of a string, with its quotes. */
  readonly text: string;
  /** Where it begins in the expression. */
  readonly at: number;
}

/** In this order: a duration begins like a number, `>=` like `>`. */
const patterns: readonly (readonly [TokenKind, RegExp])[] = [
  ["duration", /(?:\d+(?:ms|[smhdwy]))+(?![\w.])/y],
  ["number", /(?:0x[\da-f]+|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)(?![\w.])/iy],
  ["name", /[a-z_:][\w:]*/iy],
  ["string", /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`/y],
  ["operator", /=~|!~|==|!=|>=|<=|[-+*/%^<>=@]/y],
  ["punctuation", /[(){}[\],:]/y],
];

/** @throws {SyntaxError} at the first character that begins nothing known. */
export function readTokens(expression: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < expression.length) {
    const space = matchAt(/\s+|#.*/y, expression, at);
    if (space !== null) {
      at += space.length;
      continue;
    }
    const token = readToken(expression, at);
    if (token === null) {
      throw new SyntaxError(`no PromQL from character ${at} on: ${expression.slice(at, at + 20)}`);
    }
    tokens.push(token);
    at += token.text.length;
  }
  return tokens;
}

function readToken(expression: string, at: number): Token | null {
  for (const [kind, pattern] of patterns) {
    const text = matchAt(pattern, expression, at);
    if (text !== null) {
      return { kind, text, at };
    }
  }
  return null;
}

/** What a sticky pattern matches at a place. */
function matchAt(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}
