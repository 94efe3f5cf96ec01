import { readFileSync } from "node:fs";
import { randomNumbers } from "../../../helpers/random-numbers.ts";

/**
 * 50,000 lines of text, the same as those of `tools/tekken-golden/tekken_golden/lines.py`: French sentences, then
 * generated lines of parts: words of the vocabulary, characters of one script or of many, signs, white space, emoji, and
 * now and then one character many times.
 */
export function goldenLines(tokens: readonly Uint8Array[]): string[] {
  const sentences = readFileSync(sentencesFile, "utf8").trimEnd().split("\n");
  const below = integersBelow(seed);
  const words = tokens.flatMap(toText);
  return [...sentences, ...Array.from({ length: lineCount - sentences.length }, () => drawLine(below, words))];
}

/** Draws integers from 0, lower than the limit. */
export function integersBelow(start: number): (limit: number) => number {
  const next = randomNumbers(start);
  return (limit) => Math.floor(next() * limit);
}

const sentencesFile = new URL("../../../../bench/data/texts-fr.txt", import.meta.url);
const lineCount = 50_000;
const seed = 240_911;

const parts = JSON.parse(
  readFileSync(new URL("../../../fixtures/tekken/line-parts.json", import.meta.url), "utf8"),
) as {
  readonly ranges: string;
  readonly signs: string;
  readonly whiteSpace: string;
  readonly emoji: readonly string[];
  readonly between: readonly string[];
};
/** First and last code point, hexadecimal. All are assigned, or never will be, so that no version of Unicode differs. */
const ranges = parts.ranges
  .split(" ")
  .map((pair) => pair.split("-").map((codePoint) => Number.parseInt(codePoint, 16)));

type Below = (limit: number) => number;

function drawLine(below: Below, words: readonly string[]): string {
  let line = drawPart(below, words);
  for (let others = below(5); others > 0; others--) {
    line += oneOf(parts.between, below);
    line += drawPart(below, words);
  }
  return line;
}

function drawPart(below: Below, words: readonly string[]): string {
  if (below(40) === 0) {
    return drawCharacter(oneOf(ranges, below), below).repeat(1 + below(300));
  }
  const kind = below(8);
  if (kind < 3) {
    return drawSeveral(8, below, () => oneOf(words, below));
  }
  if (kind === 3) {
    const range = oneOf(ranges, below);
    return drawSeveral(12, below, () => drawCharacter(range, below));
  }
  if (kind === 4) {
    return drawSeveral(12, below, () => drawCharacter(oneOf(ranges, below), below));
  }
  if (kind === 5) {
    return drawSeveral(10, below, () => oneOf(Array.from(parts.signs), below));
  }
  return kind === 6
    ? drawSeveral(6, below, () => oneOf(Array.from(parts.whiteSpace), below))
    : drawSeveral(4, below, () => oneOf(parts.emoji, below));
}

function drawSeveral(most: number, below: Below, draw: () => string): string {
  return Array.from({ length: 1 + below(most) }, draw).join("");
}

function drawCharacter([first = 0, last = 0]: readonly number[], below: Below): string {
  return String.fromCodePoint(first + below(last - first + 1));
}

function oneOf<Item>(items: readonly Item[], below: Below): Item {
  return items[below(items.length)]!;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A token's text, or nothing when it does not hold whole characters. */
function toText(token: Uint8Array): string[] {
  try {
    return [utf8.decode(token)];
  } catch {
    return [];
  }
}
