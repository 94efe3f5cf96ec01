import * as fc from "fast-check";
import { expect, test } from "vitest";
import { cutIntoWords } from "../../../src/text/words.ts";

const spaces = { isSeparatorAt: (text: string, index: number): boolean => text[index] === " " };

test("words have the offsets at which they stand", () => {
  expect(cutIntoWords("  le chat ", spaces)).toEqual([
    { start: 2, end: 4 },
    { start: 5, end: 9 },
  ]);
});

test("white space and nothing hold no words", () => {
  expect(cutIntoWords("   ", spaces)).toEqual([]);
  expect(cutIntoWords("", spaces)).toEqual([]);
});

test("nothing but white space lies between words", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("a", "é", " ", "😀") }), (text) => {
      const words = cutIntoWords(text, spaces).map(({ start, end }) => text.slice(start, end));
      expect(words).toEqual(text.split(/ +/).filter((word) => word !== ""));
    }),
  );
});
