import * as fc from "fast-check";
import { expect, test } from "vitest";
import { prepareText } from "../../../src/text/prepare-text.ts";
import { Tokenizer } from "../../../src/text/tokenizer.ts";
import { maxChunkTokens } from "../../../src/text/windows.ts";
import { modelFolder } from "./model-folder.ts";

const limits = { windowTokens: 128, overlapTokens: 32, foldsText: false };
const tokenizer = Tokenizer.load(modelFolder, { maxChunkTokens: maxChunkTokens(limits) });

test("a sentence is one window around its words", () => {
  expect(prepareText("  J'aime le camembert ! ", tokenizer, limits)).toEqual({
    tokens: 8,
    windows: [{ inputIds: Int32Array.of(5, 121, 11, 660, 16, 730, 25_543, 110, 83, 6), start: 2, end: 23 }],
  });
});

test.each(["\u200b", "\u0001\u0002", " \u2028 "])("a text without tokens is one empty window: %j", (text) => {
  const windows = [{ inputIds: Int32Array.of(5, 6), start: 0, end: text.length }];
  expect(prepareText(text, tokenizer, limits)).toEqual({ tokens: 0, windows });
});

test("a window's offsets cut out words whose ids are the window's", () => {
  const text = Array.from({ length: 400 }, (_, index) => `le mot ${index},`).join(" ");
  const { windows } = prepareText(text, tokenizer, limits);
  expect(windows.length).toBeGreaterThan(5);
  for (const { inputIds, start, end } of windows) {
    const [alone] = prepareText(text.slice(start, end), tokenizer, limits).windows;
    expect(alone?.inputIds).toEqual(inputIds);
  }
});

const folding = { ...limits, foldsText: true };

test.each([
  ["👍 merci 👍👍 🎉", "merci"],
  ["merci👍", "merci"],
  ["Bonjour, Привет le monde こんにちは !", "Bonjour, le monde !"],
  ["👩🏽\u200d💻 ok ❤️", "ok"],
  ["漢".repeat(300) + " ok", "ok"],
  ["👩\u200d💻ok", "👩ok"],
  ["👩\u200d💻".repeat(100) + " ok", "ok"],
  ["\u{fdfa}".repeat(100), "👩"],
  ["👩\u200d💻".repeat(100) + "ok", "👩ok"],
])("a model that wants its text folded reads nothing that its vocabulary does not know: %s", (text, known) => {
  const [window] = prepareText(text, tokenizer, folding).windows;
  const [expected] = prepareText(known, tokenizer, folding).windows;
  expect(window?.inputIds).toEqual(expected?.inputIds);
});

test("the offsets of a window are those of what it reads", () => {
  const { tokens, windows } = prepareText("👍 merci👍 🎉", tokenizer, folding);
  expect(tokens).toBe(1);
  expect(windows).toMatchObject([{ start: 3, end: 10 }]);
  expect(prepareText("👍 漢字", tokenizer, folding)).toEqual({
    tokens: 0,
    windows: [{ inputIds: Int32Array.of(5, 6), start: 0, end: 5 }],
  });
});

test("a model that wants its text as it is reads a piece for what its vocabulary does not know", () => {
  const [window] = prepareText("👍", tokenizer, limits).windows;
  expect([...(window?.inputIds ?? [])]).toEqual([5, tokenizer.wordStartId, tokenizer.unknownId, 6]);
});

test.each([limits, folding])("any text has windows within the limit, in order and inside the text: %j", (options) => {
  const part = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 60 }),
    fc.constantFrom(
      "ﷺ".repeat(40),
      "é".repeat(300),
      "漢".repeat(300),
      "bonjour ".repeat(80),
      "👨\u200d👩\u200d👧".repeat(50),
    ),
  );
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 8 }), (parts) => {
      const text = parts.join(" ");
      const { windows } = prepareText(text, tokenizer, options);
      let previous = { start: -1, end: -1 };
      for (const window of windows) {
        expect(window.inputIds.length).toBeLessThanOrEqual(limits.windowTokens);
        // Neighbours may begin or end in the same character, when that is several tokens.
        expect(window.start).toBeGreaterThanOrEqual(previous.start);
        expect(window.end).toBeGreaterThanOrEqual(previous.end);
        expect(window.start + window.end).toBeGreaterThan(previous.start + previous.end);
        expect(window.end).toBeLessThanOrEqual(text.length);
        previous = window;
      }
    }),
    { numRuns: 50 },
  );
});
