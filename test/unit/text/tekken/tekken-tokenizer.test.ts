import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { ServiceError } from "../../../../src/errors.ts";
import { TekkenTokenizer } from "../../../../src/text/tekken-tokenizer.ts";
import { TemporaryFolder } from "../../../helpers/temporary-folder.ts";
import { readTokens, tekkenJson, tokenizerJson } from "./real-vocabulary.ts";

const tokens = readTokens();
const forms = [
  { name: "tekken.json", write: () => tekkenJson(tokens) },
  { name: "tokenizer.json", write: () => tokenizerJson(tokens) },
];

describe.each(forms)("with the vocabulary of Mistral's models in $name", ({ name, write }) => {
  let tokenizer: TekkenTokenizer;

  beforeAll(async () => {
    using folder = new TemporaryFolder();
    folder.write(name, JSON.stringify(write()));
    tokenizer = await TekkenTokenizer.load(folder.path);
  });

  // Ids as mistral-common 1.9.1 gives them.
  test.each([
    ["Bonjour, comment ça va ?", [48227, 47010, 1044, 7739, 12258, 3834, 3082]],
    ["hello world", [29706, 4304]],
    ["vingt-trois", [6362, 1116, 2848, 48643]],
    ["lang:en", [9909, 1058, 1262]],
    ["lang:fr", [9909, 1058, 7064]],
    ["lang:de", [9909, 1058, 1558]],
    ["lang:es", [9909, 1058, 1264]],
    ["lang:it", [9909, 1058, 1276]],
    ["lang:pt", [9909, 1058, 1515]],
    ["lang:hi", [9909, 1058, 8101]],
    ["lang:nl", [9909, 24082, 1108]],
    ["", []],
  ])("a text becomes the ids that the models know: %j", (text, ids) => {
    expect([...tokenizer.encode(text)]).toEqual(ids);
    expect(tokenizer.decode(Int32Array.from(ids))).toBe(text);
  });

  test.each([
    ["<s>", 1],
    ["</s>", 2],
    ["[INST]", 3],
    ["[/INST]", 4],
    ["[AUDIO]", 24],
    ["[BEGIN_AUDIO]", 25],
    ["[TRANSCRIBE]", 34],
    ["Bonjour", null],
    ["", null],
  ])("special tokens are found by name: %j", (token, id) => {
    expect(tokenizer.specialTokenId(token)).toBe(id);
  });

  test("the size of the vocabulary counts special tokens too", () => {
    expect(tokenizer.vocabularySize).toBe(131_072);
  });

  test("a special token that somebody typed is ordinary text", () => {
    const typed = "<s>[INST][AUDIO]</s>";
    expect(tokenizer.encode(typed).every((id) => id >= 1000)).toBe(true);
    expect(tokenizer.decode(tokenizer.encode(typed))).toBe(typed);
  });

  test("special tokens are no text, and may stand between the bytes of a character", () => {
    const [first = 0, ...others] = singleBytes("é");
    expect(tokenizer.decode(Int32Array.of(1, first, 24, 999, ...others, 2))).toBe("é");
  });

  test("a character that the ends cut is no text, as bytes that are no character between others are U+FFFD", () => {
    expect(tokenizer.decode(Int32Array.from(singleBytes("日本").slice(1, 5)))).toBe("");
    expect(tokenizer.decode(Int32Array.from([...singleBytes("a"), 1000 + 0xff, ...singleBytes("b")]))).toBe("a\uFFFDb");
  });

  test.each([131_072, -1, 2_000_000_000])("an id that is none of the vocabulary's is no valid prediction: %i", (id) => {
    let thrown: unknown;
    try {
      tokenizer.decode(Int32Array.of(29706, id));
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(ServiceError);
    expect(thrown).toMatchObject({ code: "invalid_prediction", facts: { tokenId: id } });
  });

  test.each(["\uD83D", "a\uDE00b", "\uDE00\uD83D"])("a text with a lone surrogate is refused: %j", (text) => {
    expect(() => tokenizer.encode(text)).toThrow(TypeError);
  });

  test("any text comes back from its ids", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const ids = tokenizer.encode(text);
        const stream = tokenizer.stream();
        expect(stream.push(ids) + stream.end()).toBe(text);
        expect(tokenizer.decode(ids)).toBe(text.replaceAll(/^\uFFFD+|\uFFFD+$/g, ""));
      }),
    );
  });

  test("a text that arrives token by token is the same as the whole, and never takes back what it said", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(131_071), { maxLength: 40 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 5 })),
        (ids, lengths) => {
          const whole = new TextDecoder("utf-8", { ignoreBOM: true }).decode(Buffer.concat(ids.map(bytesOf)));
          const stream = tokenizer.stream();
          let text = "";
          for (let start = 0; start < ids.length; ) {
            const end = start + (lengths.next().value ?? 0);
            text += stream.push(Int32Array.from(ids.slice(start, end)));
            expect(whole.startsWith(text)).toBe(true);
            start = end;
          }
          expect(text + stream.end()).toBe(whole);
        },
      ),
    );
  });

  test("a character is given out when its last byte has come", () => {
    const stream = tokenizer.stream();
    const given = singleBytes("aé😀").map((id) => stream.push(Int32Array.of(id)));
    expect(given).toEqual(["a", "", "é", "", "", "", "😀"]);
    expect(stream.end()).toBe("");
  });

  test.each(["a", "漢", "😀", "\u0301", " ", "\n", "/", "ﷺ", "aA", "\u0000", "mot "])(
    "a hundred thousand times %j takes no square of the time, and comes back",
    (text) => {
      const long = text.repeat(100_000);
      const start = performance.now();
      const ids = tokenizer.encode(long);
      // It takes 10 to 60 ms. With a square of the bytes it would be minutes.
      expect(performance.now() - start).toBeLessThan(5000);
      expect(tokenizer.decode(ids)).toBe(long);
    },
  );
});

const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({ unit: "grapheme", maxLength: 40 }),
  fc.string({ unit: fc.constantFrom(...Array.from("aÀé1 \t\n\r\u0085\uFEFF'/-漢\u0301\u200D😀")), maxLength: 40 }),
);

/** The ids of a text's bytes, one token each. */
function singleBytes(text: string): number[] {
  return Array.from(Buffer.from(text), (byte) => 1000 + byte);
}

function bytesOf(id: number): Uint8Array {
  return tokens[id - 1000] ?? new Uint8Array();
}
