import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { ServiceError } from "../../../src/errors.ts";
import { OperatorError } from "../../../src/operator-error.ts";
import { ByteLevelDecoder } from "../../../src/text/byte-level-decoder.ts";
import { TemporaryFolder } from "../../helpers/temporary-folder.ts";

describe("with the vocabulary of Whisper", () => {
  const folder = fileURLToPath(new URL("../../../models/whisper-base", import.meta.url));
  let decoder: ByteLevelDecoder;

  beforeAll(async () => {
    decoder = await ByteLevelDecoder.load(folder);
  });

  // Ids as `tokenizers` 0.23.3 (Python) gives them for the same tokenizer.json.
  test.each([
    [
      " L'été, ça va coûter 1 234,56 € — d’accord ?",
      [441, 6, 21210, 11, 2788, 2773, 49743, 391, 502, 6673, 19, 11, 18317, 17450, 3466, 274, 913, 247, 19947, 2506],
    ],
    [
      " Œuvre 😀👨\u200D👩\u200D👧 日本語 ру́сский",
      [
        4423, 240, 34171, 20732, 222, 31017, 101, 913, 235, 31017, 102, 913, 235, 31017, 100, 220, 27311, 31348, 17292,
        32797, 461, 17146,
      ],
    ],
    ["\n\tDeux  espaces", [198, 197, 11089, 2449, 220, 7089, 2116]],
    ["\u00A0« oui » \u0000\u007F", [126, 254, 36784, 14367, 8793, 220, 188, 221]],
    ["\uFEFFBOM", [171, 119, 123, 33, 5251]],
    ["", []],
  ])("token ids give back the text that they were made of: %j", (text, tokenIds) => {
    expect(decode(tokenIds)).toBe(text);
  });

  test("any text comes back from its bytes", () => {
    fc.assert(
      fc.property(textWithoutReplacements, (text) => {
        expect(decode(bytesOf(text))).toBe(text);
      }),
    );
  });

  test("whatever bytes are cut off its ends, a text holds no character that was never said", () => {
    fc.assert(
      fc.property(textWithoutReplacements, fc.nat(40), fc.nat(40), (text, start, length) => {
        const part = decode(bytesOf(text).slice(start, start + length));
        expect(part).not.toContain("\uFFFD");
        expect(text).toContain(part);
      }),
    );
  });

  test("bytes that are no character between others are told by a replacement character", () => {
    expect(decode([...bytesOf("a"), ...bytesOf("é").slice(1), ...bytesOf("b")])).toBe("a\uFFFDb");
  });

  test("languages, tasks, times and the end are no text", () => {
    expect(decode([50258, 50265, 50359, 50363, 50364, 441, 6, 21210, 51864, 50257])).toBe(" L'été");
  });

  test.each([51_865, -1, 2_000_000_000])("an id that is none of the vocabulary's is no valid prediction: %i", (id) => {
    let thrown: unknown;
    try {
      decode([441, id]);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(ServiceError);
    expect(thrown).toMatchObject({ code: "invalid_prediction", facts: { tokenId: id } });
  });

  function decode(tokenIds: readonly number[]): string {
    return decoder.decode(Int32Array.from(tokenIds));
  }
});

const tokenizer = {
  model: { type: "BPE", vocab: { Ġ: 0, é: 1 } },
  decoder: { type: "ByteLevel" },
  added_tokens: [{ id: 2, content: "<|endoftext|>" }],
};

test("an added token that the vocabulary lists too is no text", async () => {
  using folder = new TemporaryFolder();
  const vocab = { Ġ: 0, "<|日|>": 2 };
  folder.write("tokenizer.json", JSON.stringify({ ...tokenizer, model: { type: "BPE", vocab } }));
  const decoder = await ByteLevelDecoder.load(folder.path);
  expect(decoder.decode(Int32Array.of(0, 2))).toBe(" ");
});

test.each([
  [{ ...tokenizer, decoder: { type: "Metaspace" } }, "decoder"],
  [{ ...tokenizer, model: { type: "Unigram", vocab: [] } }, "model"],
  [{ ...tokenizer, model: { type: "BPE", vocab: { a: "0" } } }, "expected an object of tokens with their ids"],
  [{ ...tokenizer, model: { type: "BPE", vocab: { 日: 0 } } }, "a token has characters that stand for no byte"],
  [{ ...tokenizer, model: { ...tokenizer.model, byte_fallback: true } }, "byte_fallback"],
  [[], "expected object"],
])("a file of another kind of tokenizer is refused: %j", async (file, message) => {
  using folder = new TemporaryFolder();
  const path = folder.write("tokenizer.json", JSON.stringify(file));
  const loaded = ByteLevelDecoder.load(folder.path);
  await expect(loaded).rejects.toThrow(OperatorError);
  await expect(loaded).rejects.toThrow(`${path} is of no byte-level BPE tokenizer`);
  await expect(loaded).rejects.toThrow(message);
});

test("a folder without a tokenizer is refused with the file that is missing", async () => {
  using folder = new TemporaryFolder();
  await expect(ByteLevelDecoder.load(folder.path)).rejects.toThrow(`${folder.path}/tokenizer.json cannot be read`);
});

const textWithoutReplacements = fc.string({ unit: "binary", maxLength: 20 }).filter((text) => !text.includes("\uFFFD"));

/**
 * The ids of a text's bytes, one token each: GPT-2's vocabulary begins with the bytes that can be printed, and goes on
 * with the others.
 */
function bytesOf(text: string): number[] {
  const bytes = Array.from({ length: 256 }, (_, byte) => byte);
  const inOrder = [...bytes.filter(isPrinted), ...bytes.filter((byte) => !isPrinted(byte))];
  return Array.from(Buffer.from(text), (byte) => inOrder.indexOf(byte));
}

function isPrinted(byte: number): boolean {
  return (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
}
