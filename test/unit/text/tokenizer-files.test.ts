import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readTokenizerFiles } from "../../../src/text/tokenizer-files.ts";
import { modelFolder } from "./model-folder.ts";

const tokenizer = {
  normalizer: { type: "Precompiled", precompiled_charsmap: "table" },
  model: {
    type: "Unigram",
    unk_id: 0,
    vocab: [
      ["<unk>", 0],
      ["a", -1],
    ],
  },
  added_tokens: [
    { id: 7, content: "<s>", special: true },
    { id: 8, content: "</s>", special: true },
    { id: 9, content: "word", special: false },
  ],
};
const config = { cls_token: "<s>", sep_token: { content: "</s>", lstrip: false } };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tokenizer-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function write(tokenizerFile: unknown, configFile: unknown): void {
  writeFileSync(join(folder, "tokenizer.json"), JSON.stringify(tokenizerFile));
  writeFileSync(join(folder, "tokenizer_config.json"), JSON.stringify(configFile));
}

test("the ends of a sequence are the ids of the tokens that the configuration names", () => {
  write(tokenizer, config);
  expect(readTokenizerFiles(folder)).toMatchObject({ startId: 7, endId: 8 });
});

test("only special tokens are kept from user text", () => {
  write(tokenizer, config);
  expect(readTokenizerFiles(folder).specialTokens.map(({ content }) => content)).toEqual(["<s>", "</s>"]);
});

test("the table is found alone and in a sequence", () => {
  write(tokenizer, config);
  expect(readTokenizerFiles(folder).charsmap).toBe("table");
  const normalizers = [tokenizer.normalizer, { type: "Replace", pattern: { Regex: " {2,}" }, content: " " }];
  write({ ...tokenizer, normalizer: { type: "Sequence", normalizers } }, config);
  expect(readTokenizerFiles(folder).charsmap).toBe("table");
});

test("the committed model has CamemBERT's ids", () => {
  const files = readTokenizerFiles(modelFolder);
  expect(files).toMatchObject({ startId: 5, endId: 6 });
  expect(files.model).toMatchObject({ unk_id: 3, vocab: { length: 32_005 } });
});

test("a missing file is named", () => {
  expect(() => readTokenizerFiles(folder)).toThrow(join(folder, "tokenizer.json"));
});

test("a tokenizer of another kind is refused with every key that does not fit", () => {
  write({ ...tokenizer, normalizer: { type: "NFC" }, model: { type: "BPE", vocab: {}, merges: [] } }, config);
  expect(() => readTokenizerFiles(folder)).toThrow(
    /tokenizer\.json is not of a CamemBERT tokenizer[^]*normalizer[^]*model/,
  );
});

test("a vocabulary without scores is refused", () => {
  write({ ...tokenizer, model: { unk_id: 0, vocab: [["<unk>", 0], ["a"]] } }, config);
  expect(() => readTokenizerFiles(folder)).toThrow("expected a list of pieces with their scores");
});

test("a file that is no JSON is named", () => {
  write(tokenizer, config);
  writeFileSync(join(folder, "tokenizer_config.json"), "{");
  expect(() => readTokenizerFiles(folder)).toThrow("tokenizer_config.json is no JSON");
});

test("a configuration that names a token which does not exist is refused", () => {
  write(tokenizer, { ...config, sep_token: "[SEP]" });
  expect(() => readTokenizerFiles(folder)).toThrow("[SEP]");
});
