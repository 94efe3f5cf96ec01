import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { TekkenTokenizer } from "../../../../src/text/tekken-tokenizer.ts";
import { TemporaryFolder } from "../../../helpers/temporary-folder.ts";
import { goldenLines, integersBelow } from "./golden-lines.ts";
import { readTokens, tekkenJson, tokenizerJson } from "./real-vocabulary.ts";

/** What `mistral-common` gives, as SHA-256 of each block of so many texts: see `tools/tekken-golden`. */
interface Golden {
  readonly tokenizerJson: { readonly sha256: string };
  readonly lines: { readonly perHash: number; readonly sha256: readonly string[] };
  readonly codePoints: {
    readonly ranges: readonly (readonly [first: number, last: number, step: number])[];
    readonly perHash: number;
    readonly sha256: readonly string[];
  };
  readonly rows: {
    readonly count: number;
    readonly seed: number;
    readonly perHash: number;
    readonly sha256: readonly string[];
  };
}

const golden = JSON.parse(readFileSync(new URL("../../../golden/tekken.json", import.meta.url), "utf8")) as Golden;
const tokens = readTokens();
let tokenizer: TekkenTokenizer;

beforeAll(async () => {
  using folder = new TemporaryFolder();
  folder.write("tekken.json", JSON.stringify(tekkenJson(tokens)));
  tokenizer = await TekkenTokenizer.load(folder.path);
});

test("50,000 lines get the ids that mistral-common gives them", () => {
  const { perHash, sha256 } = golden.lines;
  const lines = goldenLines(tokens);
  expect(lines).toHaveLength(50_000);
  expect(blocksUnlike(hashBlocks(lines, perHash, packIds), sha256)).toBe("none");
});

test("every kind of character is split as mistral-common splits it", () => {
  const { ranges, perHash, sha256 } = golden.codePoints;
  const texts = ranges.flatMap(([first, last, step]) =>
    Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, index) => textAround(first + index * step)),
  );
  expect(texts.length).toBeGreaterThan(40_000);
  expect(blocksUnlike(hashBlocks(texts, perHash, packIds), sha256)).toBe("none");
});

test("random ids, which cut characters, give the text that mistral-common gives", () => {
  const { count, seed, perHash, sha256 } = golden.rows;
  const below = integersBelow(seed);
  const rows = Array.from({ length: count }, () =>
    Int32Array.from({ length: 1 + below(12) }, () => 1000 + below(below(4) === 0 ? 256 : tokens.length)),
  );
  expect(blocksUnlike(hashBlocks(rows, perHash, packTexts), sha256)).toBe("none");
});

test("the tokenizer.json of the tests is the one that transformers makes", () => {
  const { vocab, merges } = tokenizerJson(tokens).model;
  const ordinary = Object.entries(vocab)
    .filter(([, id]) => id >= 1000)
    .toSorted(([, one], [, other]) => one - other);
  const lines = [...ordinary.map(([token]) => token), ...merges.map((pair) => pair.join(" "))];
  expect(createHash("sha256").update(lines.join("\n")).digest("hex")).toBe(golden.tokenizerJson.sha256);
});

/** The words of this text tell what kind of character it is: white space, digit, mark, upper or lower case, or other. */
function textAround(codePoint: number): string {
  const character = String.fromCodePoint(codePoint);
  return `${character}a${character}B${character} ${character}\n${character}`;
}

function packIds(text: string): Buffer[] {
  const ids = tokenizer.encode(text);
  return [bytesOf(Int32Array.of(ids.length)), bytesOf(ids)];
}

function packTexts(ids: Int32Array): Buffer[] {
  const stream = tokenizer.stream();
  return [...packText(stream.push(ids) + stream.end()), ...packText(tokenizer.decode(ids))];
}

function packText(text: string): Buffer[] {
  const bytes = Buffer.from(text);
  return [bytesOf(Int32Array.of(bytes.length)), bytes];
}

/** Little-endian, as on every machine that the service runs on. */
function bytesOf(numbers: Int32Array): Buffer {
  return Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}

function hashBlocks<Item>(items: readonly Item[], perHash: number, pack: (item: Item) => Buffer[]): string[] {
  return Array.from({ length: Math.ceil(items.length / perHash) }, (_, block) => {
    const hash = createHash("sha256");
    for (const bytes of items.slice(block * perHash, (block + 1) * perHash).flatMap(pack)) {
      hash.update(bytes);
    }
    return hash.digest("hex");
  });
}

/** Names the blocks that differ: long lists of hashes are hard to read. */
function blocksUnlike(hashes: readonly string[], expected: readonly string[]): string {
  expect(hashes).toHaveLength(expected.length);
  const blocks = hashes.flatMap((hash, block) => (hash === expected[block] ? [] : [`block ${block}`]));
  return blocks.join(", ") || "none";
}
