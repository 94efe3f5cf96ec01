import * as fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { type Chunk, Tokenizer } from "../../../src/text/tokenizer.ts";
import { modelFolder, readGoldenTexts } from "./model-folder.ts";

// Generating texts and encoding long ones takes seconds on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const maxChunkTokens = 63;
const tokenizer = Tokenizer.load(modelFolder, { maxChunkTokens });
const goldenTexts = readGoldenTexts();
const idsOf = (chunks: readonly Chunk[]): number[] => chunks.flatMap(({ ids }) => [...ids]);

/** What is wrong with the chunks of a text, in words. */
function problemsOf(text: string, chunks: readonly Chunk[]): string[] {
  return chunks.flatMap(({ ids, start, end }, index) => {
    const previous = chunks[index - 1] ?? { start: 0, end: 0 };
    const splitsCharacter = !text.slice(start, end).isWellFormed();
    return [
      start < previous.start || end < previous.end ? `${start}-${end} is out of order` : [],
      end <= start || end > text.length ? `${start}-${end} is no part of the text` : [],
      text.isWellFormed() && splitsCharacter ? `${start}-${end} splits a character` : [],
      ids.length === 0 || ids.length > maxChunkTokens ? `${start}-${end} has ${ids.length} tokens` : [],
    ].flat();
  });
}

describe("ids", () => {
  test.each(goldenTexts.filter(({ kind }) => kind === "reference"))(
    "are those of transformers: $text",
    ({ text, ids }) => {
      expect([tokenizer.startId, ...idsOf(tokenizer.encode(text)), tokenizer.endId]).toEqual(ids);
    },
  );

  test.each(goldenTexts.filter(({ kind }) => kind === "typed-special"))(
    "of a typed special token are those of ordinary text: $text",
    ({ text, ids }) => {
      const encoded = idsOf(tokenizer.encode(text));
      expect([tokenizer.startId, ...encoded, tokenizer.endId]).toEqual(ids);
      // <s>NOTUSED, <pad>, </s>NOTUSED, <unk>, <unk>NOTUSED, <s>, </s>, <mask>
      expect(encoded.filter((id) => [0, 1, 2, 3, 4, 5, 6, 32_004].includes(id))).toEqual([]);
    },
  );

  test("of a text do not depend on the texts before it", () => {
    const fresh = Tokenizer.load(modelFolder, { maxChunkTokens });
    for (const { text } of goldenTexts.toReversed()) {
      expect(fresh.encode(text)).toEqual(tokenizer.encode(text));
    }
  });
});

describe("chunks", () => {
  test("are the words at their places in the text as sent", () => {
    const text = "Il a dit\u00a0:  « e\u0301te\u0301 »\u2028👍🏽";
    const words = tokenizer.encode(text).map(({ start, end }) => text.slice(start, end));
    expect(words).toEqual(["Il", "a", "dit", ":", "«", "e\u0301te\u0301", "»", "👍🏽"]);
  });

  test("leave out words without tokens", () => {
    expect(tokenizer.encode("\u0001 a \u0002")).toMatchObject([{ start: 2, end: 3 }]);
  });

  test.each(["", " ", "\u200b", "\u200d\u200c", "\u0001\u0002", " \u00a0\u0301", "\ufeff\u2028"])(
    "of a text without tokens are none: %j",
    (text) => {
      expect(tokenizer.encode(text)).toEqual([]);
    },
  );

  test("are one for a word with as many tokens as a chunk may have, and one for each piece of a longer word", () => {
    const word = "é".repeat(maxChunkTokens);
    expect(tokenizer.encode(`un ${word}`)).toMatchObject([
      { start: 0 },
      { ids: { length: maxChunkTokens }, start: 3, end: 66 },
    ]);
    expect(tokenizer.encode(`un ${word}é`)).toMatchObject([
      { start: 0, end: 2 },
      ...Array.from({ length: maxChunkTokens + 1 }, (_, index) => ({
        ids: { length: 1 },
        start: index + 3,
        end: index + 4,
      })),
    ]);
  });

  test("of a character that becomes several pieces have the place of the whole character", () => {
    const text = "ﷺ".repeat(20);
    const chunks = tokenizer.encode(text);
    expect(chunks.length).toBeGreaterThan(maxChunkTokens);
    expect(problemsOf(text, chunks)).toEqual([]);
    expect(new Set(chunks.map(({ start }) => start))).toEqual(new Set(Array(20).keys()));
  });

  test("of decomposed letters and emoji in a long word keep these whole", () => {
    const text = "é😀".repeat(50);
    const chunks = tokenizer.encode(text);
    expect(chunks.length).toBeGreaterThan(maxChunkTokens);
    expect(new Set(chunks.map(({ start, end }) => text.slice(start, end)))).toEqual(new Set(["é", "😀"]));
  });

  test("are sound for any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 100 }), (text) => {
        expect(problemsOf(text, tokenizer.encode(text))).toEqual([]);
      }),
    );
  });

  test("are sound for text with lone surrogates", () => {
    const text = "bon\ud83djour \ude00 \ud83d";
    expect(problemsOf(text, tokenizer.encode(text))).toEqual([]);
  });
});

describe("a text of 10,000 characters is encoded within the test's time, far below that of a quadratic way:", () => {
  test.each([
    ["one word of letters", "a"],
    ["Han", "漢"],
    ["NUL", "\0"],
    ["bidirectional marks", "\u202e"],
    ["bidirectional marks that become spaces", "\u200e"],
    ["a character that is written as four words", "ﷺ"],
    ["a character that is written as six", "㌖"],
    ["an accented letter with a token of its own", "é"],
    ["decomposed letters", "e\u0301"],
    ["combining marks alone", "\u0301"],
    ["combining marks after spaces", " \u0301"],
    ["emoji families", "👨\u200d👩\u200d👧\u200d👦"],
    ["emoji", "😀"],
    ["flags", "🇫🇷"],
    ["Hangul letters", "\u1100"],
    ["typed special tokens", "<pad>"],
    ["one-letter words", "é "],
  ])("%s", (_, unit) => {
    const text = unit.repeat(Math.ceil(10_000 / Array.from(unit).length));
    expect(problemsOf(text, tokenizer.encode(text))).toEqual([]);
  });
});
