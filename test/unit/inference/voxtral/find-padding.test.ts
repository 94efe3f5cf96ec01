import { expect, test } from "vitest";
import { findPadding } from "../../../../src/inference/voxtral/find-padding.ts";
import { openStepwiseDecoder } from "../../../../src/inference/voxtral/stepwise-decoder.ts";
import type { TextDecoder } from "../../../../src/inference/voxtral/text-decoder.ts";
import { readVoxtralConfig } from "../../../../src/inference/voxtral/voxtral-config.ts";
import { tinyVoxtralFolder } from "../../../helpers/tiny-voxtral.ts";

const folder = tinyVoxtralFolder("voxtral-grouped");
const session = { executionProvider: "cpu", intraOpNumThreads: 1 } as const;

test.each([
  ["heeds the mask place by place", "_q4", "left"],
  ["counts the tokens in it", "_q4gqa", "right"],
])("a decoder that %s gets its padding where it wants it", async (_, form, side) => {
  const config = await readVoxtralConfig(folder);
  const decoder = await open(form);
  expect(await findPadding(decoder, config)).toBe(side);
  await decoder.release();
});

test("a decoder that heeds no mask is fed equal sequences only", async () => {
  const config = await readVoxtralConfig(folder);
  const decoder = await open("_q4");
  const blind: TextDecoder = {
    device: "cpu",
    runGreedily: null,
    generateGreedily: null,
    begin: () => decoder.begin(),
    read: (...args) => decoder.read(...args),
    step: (cache, tokenIds) => decoder.step({ ...cache, lengths: cache.lengths.map(() => cache.columns) }, tokenIds),
    release: () => decoder.release(),
  };
  expect(await findPadding(blind, config)).toBeNull();
  await blind.release();
});

async function open(form: string): Promise<TextDecoder> {
  const files = { embedTokens: "onnx/embed_tokens_q4.onnx", decoder: `onnx/decoder_model_merged${form}.onnx` };
  return openStepwiseDecoder(folder, files, await readVoxtralConfig(folder), session);
}
