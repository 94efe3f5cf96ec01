import { expect, test } from "vitest";
import { Charsmap } from "../../../src/text/charsmap.ts";
import { joinsPrevious, Normalizer } from "../../../src/text/normalizer.ts";
import { readTokenizerFiles } from "../../../src/text/tokenizer-files.ts";
import { modelFolder } from "./model-folder.ts";

const normalizer = new Normalizer(new Charsmap(readTokenizerFiles(modelFolder).charsmap));

test.each([
  ["ordinary text stays as it is", "L'été, déjà !", "L'été, déjà !"],
  ["decomposed accents are composed", "L'e\u0301te\u0301, de\u0301ja\u0300 !", "L'été, déjà !"],
  ["compatibility characters are written out", "ｃｏｎ ﬁn ½", "con fin 1⁄2"],
  ["control characters disappear", "a\u0001b\u007fc", "abc"],
  ["zero-width characters and bidirectional marks become spaces", "a\u200bb\u200ec\ufeffd", "a b c d"],
  ["an emoji family falls apart into its members", "👨\u200d👩\u200d👧", "👨 👩 👧"],
  ["a small grapheme is replaced as a whole", "²\u200d3", "23"],
  ["a grapheme of more than five bytes is replaced character by character", "²\u0301\u0301x", "2\u0301\u0301x"],
  ["NUL stays", "a\0b", "a\0b"],
])("%s", (_, text, normalized) => {
  expect(normalizer.normalize(text)).toBe(normalized);
});

test("an aligned text is the normalized one, and tells where each part of it comes from", () => {
  const text = "xﬁ e\u0301\u0001²\u0301\u0301😀½";
  const { normalized, starts, ends } = normalizer.align(text);
  expect(normalized).toBe(normalizer.normalize(text));
  const origins = starts.map((start, index) => `${normalized[index]} ${text.slice(start, ends[index])}`);
  expect(origins.join("|")).toBe(
    "x x|f ﬁ|i ﬁ|   |é e\u0301|2 ²|\u0301 \u0301|\u0301 \u0301|\ud83d 😀|\ude00 😀|1 ½|⁄ ½|2 ½",
  );
});

test("a text can be cut at everything that becomes white space", () => {
  const separators = " \t\n\r\f\u0085\u00a0\u1680\u2003\u200b\u200e\u2028\u2029\u202f\u205f\u3000\u2581\ufeff\ufffd";
  const text = Array.from(separators, (separator) => `x${separator}`).join("");
  const indices = Array.from({ length: text.length }, (_, index) => index);
  expect(indices.filter((index) => normalizer.isSeparatorAt(text, index))).toEqual(
    indices.filter((index) => index % 2 === 1),
  );
});

test.each([
  ["a letter", "x"],
  ["a control character that disappears", "\u0001"],
  ["a soft hyphen", "\u00ad"],
  ["a joiner, though it becomes white space", "\u200d"],
  ["half of a surrogate pair", "\ud83d"],
  ["nothing: the end of the text", ""],
])("no text can be cut at %s", (_, character) => {
  expect(normalizer.isSeparatorAt(character, 0)).toBe(false);
});

test("no text can be cut at white space that a combining mark follows", () => {
  expect(normalizer.isSeparatorAt("\u00a0\u0301", 0)).toBe(false);
});

test("every character that joins a letter in one grapheme is known to join", () => {
  const graphemes = new Intl.Segmenter("und", { granularity: "grapheme" });
  // Planes 0 and 1, and the tags of plane 14: no other plane has joiners.
  const codePoints = [...Array(0x2_0000).keys(), ...Array.from({ length: 0x1000 }, (_, index) => 0xe_0000 + index)];
  const missed = codePoints.filter((codePoint) => {
    const text = `a${String.fromCodePoint(codePoint)}`;
    return !joinsPrevious(text, 1) && graphemes.segment(text).containing(1)?.index === 0;
  });
  expect(missed.map((codePoint) => codePoint.toString(16))).toEqual([]);
});
