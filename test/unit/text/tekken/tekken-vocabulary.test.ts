import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { OperatorError } from "../../../../src/operator-error.ts";
import { TekkenTokenizer } from "../../../../src/text/tekken-tokenizer.ts";
import { TemporaryFolder } from "../../../helpers/temporary-folder.ts";
import { tekkenJson, tokenizerJson } from "./real-vocabulary.ts";

const bytes = Array.from({ length: 256 }, (_, byte) => Buffer.of(byte));
const tokens = [...bytes, Buffer.from("ab"), Buffer.from("bc"), Buffer.from("abc")];
const vocabularySize = 1000 + tokens.length;
const hugging = tokenizerJson(tokens);
const real = tekkenJson(tokens);
const tekken = { ...real, config: { ...real.config, default_vocab_size: vocabularySize } };

test("a folder with both forms is read by its tokenizer.json", async () => {
  using folder = new TemporaryFolder();
  folder.write("tokenizer.json", JSON.stringify(hugging));
  folder.write("tekken.json", "{");
  const tokenizer = await TekkenTokenizer.load(folder.path);
  expect(tokenizer.vocabularySize).toBe(vocabularySize);
});

test.each([
  ["tokenizer.json", hugging],
  ["tekken.json", tekken],
])("neighbours that are the lower id together are joined first, with %s", async (name, file) => {
  using folder = new TemporaryFolder();
  folder.write(name, JSON.stringify(file));
  const tokenizer = await TekkenTokenizer.load(folder.path);
  expect([...tokenizer.encode("abc")]).toEqual([1258]);
  expect([...tokenizer.encode("abcb")]).toEqual([1258, 1098]);
  expect([...tokenizer.encode("bcab")]).toEqual([1257, 1256]);
  expect([...tokenizer.encode("aabb")]).toEqual([1097, 1256, 1098]);
});

test("tokens beyond those that the model knows are left out", async () => {
  using folder = new TemporaryFolder();
  const beyond = { rank: tokens.length, token_bytes: btoa("abcb"), token_str: "abcb" };
  folder.write("tekken.json", JSON.stringify({ ...tekken, vocab: [...tekken.vocab, beyond] }));
  const tokenizer = await TekkenTokenizer.load(folder.path);
  expect(tokenizer.vocabularySize).toBe(vocabularySize);
  expect([...tokenizer.encode("abcb")]).toEqual([1258, 1098]);
});

test("white space is that of Unicode: U+0085 is, U+FEFF is not", async () => {
  using folder = new TemporaryFolder();
  const joined = [...bytes, Buffer.from("\uFEFF!"), Buffer.from("!\u0085")];
  folder.write("tokenizer.json", JSON.stringify(tokenizerJson(joined)));
  const tokenizer = await TekkenTokenizer.load(folder.path);
  expect([...tokenizer.encode("\uFEFF!")]).toEqual([1256]);
  expect([...tokenizer.encode("!\u0085")]).toEqual([0x21, 0xc2, 0x85].map((byte) => 1000 + byte));
});

const { model, pre_tokenizer } = hugging;
const [split, byteLevel] = pre_tokenizer.pretokenizers;

test.each([
  ["a Unigram model", { ...hugging, model: { type: "Unigram", vocab: [] } }, "model"],
  ["another split", { ...hugging, pre_tokenizer: { type: "ByteLevel", add_prefix_space: false } }, "pre_tokenizer"],
  ["a normalizer", { ...hugging, normalizer: { type: "NFC" } }, "normalizer"],
  ["a space before", withByteLevel({ ...byteLevel, add_prefix_space: true }), "add_prefix_space"],
  ["another decoder", { ...hugging, decoder: { type: "Metaspace" } }, "decoder"],
  ["ids that are no numbers", withVocabulary({ ...model.vocab, abc: "1258" }), "tokens with their ids"],
  ["ids with gaps", withVocabulary({ ...model.vocab, abc: 1259 }), "expected 1259 tokens to have the ids 0 to 1258"],
  ["an id twice", withVocabulary({ ...model.vocab, abc: 1257 }), "expected 1259 tokens to have the ids 0 to 1258"],
  ["a huge id", withVocabulary({ ...model.vocab, abc: 2 ** 40 }), "expected 1259 tokens to have the ids 0 to 1258"],
  ["a byte missing", withVocabulary(without("a", { ...model.vocab, abc: 1097 })), "every single byte"],
  ["characters that are no bytes", withVocabulary({ ...model.vocab, 日: 1259 }), "stand for no byte"],
  ["an unknown pattern", withPattern("(?<name>"), "no known regular expression"],
  ["a pattern of another dialect", withPattern("\\w+|\\W"), "no known regular expression: \\w+|\\W"],
  ["a list", [], "expected object"],
])("a tokenizer.json with %s is refused", async (_, file, message) => {
  await expectRefused("tokenizer.json", file, message);
});

test.each([
  ["no special tokens", { ...tekken, special_tokens: undefined }, "special_tokens"],
  ["no pattern", { ...tekken, config: { ...tekken.config, pattern: undefined } }, "config.pattern"],
  ["tokens of another kind", { ...tekken, vocab: ["a", "b"] }, "rank and token_bytes"],
  [
    "too few tokens",
    { ...tekken, vocab: tekken.vocab.slice(1) },
    "expected 1259 tokens as config.default_vocab_size says",
  ],
  ["the same token twice", { ...tekken, vocab: [...tekken.vocab.slice(1), tekken.vocab[2]] }, "not 1258"],
  ["a rank twice", withLast({ rank: 1, token_bytes: btoa("abc") }), "expected 1259 tokens to have the ids 0 to 1258"],
  [
    "a negative rank",
    withLast({ rank: -1, token_bytes: btoa("abc") }),
    "expected 1259 tokens to have the ids 0 to 1258",
  ],
  ["a huge size", { ...tekken, config: { ...tekken.config, default_num_special_tokens: 2 ** 40 } }, "Too big"],
])("a tekken.json with %s is refused", async (_, file, message) => {
  await expectRefused("tekken.json", file, message);
});

test("Whisper's tokenizer is refused", async () => {
  const folder = fileURLToPath(new URL("../../../../models/whisper-base", import.meta.url));
  const loaded = TekkenTokenizer.load(folder);
  await expect(loaded).rejects.toThrow(OperatorError);
  await expect(loaded).rejects.toThrow(`${folder}/tokenizer.json is of no Tekken tokenizer`);
});

test("CamemBERT's tokenizer is refused", async () => {
  const folder = fileURLToPath(new URL("../../../../models/camembert-toxicity-fr", import.meta.url));
  await expect(TekkenTokenizer.load(folder)).rejects.toThrow(`${folder}/tokenizer.json is of no Tekken tokenizer`);
});

test("a folder without a tokenizer is refused with the files that it could have", async () => {
  using folder = new TemporaryFolder();
  const loaded = TekkenTokenizer.load(folder.path);
  await expect(loaded).rejects.toThrow(OperatorError);
  await expect(loaded).rejects.toThrow(`${folder.path} has neither a tokenizer.json nor a tekken.json`);
});

test.each(["tokenizer.json", "tekken.json"])("a %s that is no JSON is refused", async (name) => {
  using folder = new TemporaryFolder();
  const path = folder.write(name, "{");
  const loaded = TekkenTokenizer.load(folder.path);
  await expect(loaded).rejects.toThrow(OperatorError);
  await expect(loaded).rejects.toThrow(`${path} is no JSON`);
});

async function expectRefused(name: string, file: unknown, message: string): Promise<void> {
  using folder = new TemporaryFolder();
  const path = folder.write(name, JSON.stringify(file));
  const loaded = TekkenTokenizer.load(folder.path);
  await expect(loaded).rejects.toThrow(OperatorError);
  await expect(loaded).rejects.toThrow(path);
  await expect(loaded).rejects.toThrow(message);
}

function withVocabulary(vocab: Record<string, unknown>): unknown {
  return { ...hugging, model: { ...model, vocab } };
}

function withByteLevel(changed: unknown): unknown {
  return { ...hugging, pre_tokenizer: { ...pre_tokenizer, pretokenizers: [split, changed] } };
}

function withPattern(pattern: string): unknown {
  const pretokenizers = [{ ...split, pattern: { Regex: pattern } }, byteLevel];
  return { ...hugging, pre_tokenizer: { ...pre_tokenizer, pretokenizers } };
}

function withLast(entry: unknown): unknown {
  return { ...tekken, vocab: [...tekken.vocab.slice(0, -1), entry] };
}

function without(name: string, record: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => key !== name));
}
