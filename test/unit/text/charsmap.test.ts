import { describe, expect, test } from "vitest";
import { Charsmap } from "../../../src/text/charsmap.ts";
import { readTokenizerFiles } from "../../../src/text/tokenizer-files.ts";
import { modelFolder } from "./model-folder.ts";

const charsmap = new Charsmap(readTokenizerFiles(modelFolder).charsmap);

describe("the table of the model", () => {
  test.each([
    ["a ligature becomes its letters", "ﬁ", "fi"],
    ["a no-break space becomes a space", "\u00a0", " "],
    ["a control character is deleted", "\u0001", ""],
    ["a character of four bytes is found", "𝕋", "T"],
    ["a letter and a combining accent become one letter", "e\u0301", "é"],
    ["one character becomes several words", "ﷺ", "صلى الله عليه وسلم"],
    ["the shortest known beginning decides, and the rest is dropped with it", "ª\u0301", "a"],
  ])("%s", (_, sequence, replacement) => {
    expect(charsmap.replacementFor(sequence)).toBe(replacement);
  });

  test.each([
    ["an ordinary letter", "e"],
    ["NUL", "\0"],
    ["a beginning of known sequences that is not one itself", "A"],
    ["a sequence of more than five bytes, whatever it begins with", "ﬁﬁ"],
    ["nothing", ""],
  ])("%s is unknown", (_, sequence) => {
    expect(charsmap.replacementFor(sequence)).toBeNull();
  });
});

test.each(["", "AAAA", "AAAAAAAA", Buffer.from([255, 0, 0, 0, 1]).toString("base64")])(
  "a table whose trie does not fit in it is refused: %j",
  (encoded) => {
    expect(() => new Charsmap(encoded)).toThrow(RangeError);
  },
);
