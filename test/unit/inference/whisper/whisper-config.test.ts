import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { readWhisperConfig } from "../../../../src/inference/whisper/whisper-config.ts";
import { TemporaryFolder } from "../../../helpers/temporary-folder.ts";

const config = {
  model_type: "whisper",
  num_mel_bins: 80,
  max_source_positions: 1500,
  max_target_positions: 448,
  decoder_layers: 6,
  decoder_attention_heads: 8,
  d_model: 512,
};
const generation = {
  decoder_start_token_id: 50258,
  eos_token_id: 50257,
  lang_to_id: { "<|en|>": 50259, "<|yue|>": 50358 },
  task_to_id: { transcribe: 50360, translate: 50359 },
  no_timestamps_token_id: 50364,
  suppress_tokens: [1, 2, 50258],
  begin_suppress_tokens: [220, 50257],
};

test("the two files of a folder say how its graphs are run", async () => {
  using folder = folderOf(config, generation);
  expect(await readWhisperConfig(folder.path)).toEqual({
    melBins: 80,
    maxFrames: 3000,
    decoderLayers: 6,
    decoderHeads: 8,
    headWidth: 64,
    startTokenId: 50258,
    transcribeTokenId: 50360,
    noTimestampsTokenId: 50364,
    noSpeechTokenId: 50363,
    languageTokenIds: new Map([
      ["en", 50259],
      ["yue", 50358],
    ]),
    generation: {
      endTokenIds: [50257],
      textTokens: 50258,
      suppressed: Int32Array.of(1, 2, 50258),
      suppressedAtBegin: Int32Array.of(220, 50257),
      maxNewTokens: 224,
    },
  });
});

test("the committed model has Whisper's tokens", async () => {
  const folder = fileURLToPath(new URL("../../../../models/whisper-base", import.meta.url));
  const read = await readWhisperConfig(folder);
  expect(read).toMatchObject({ startTokenId: 50258, transcribeTokenId: 50359, noSpeechTokenId: 50362 });
  expect(read.languageTokenIds.get("fr")).toBe(50265);
  expect(read.languageTokenIds.size).toBe(99);
});

test.each([
  ["config.json", { ...config, num_mel_bins: "80" }, generation, "num_mel_bins"],
  ["config.json", { ...config, decoder_layers: undefined }, generation, "decoder_layers"],
  ["config.json", { ...config, model_type: 3 }, generation, "model_type"],
  ["generation_config.json", config, { ...generation, eos_token_id: -1 }, "eos_token_id"],
  ["generation_config.json", config, { ...generation, suppress_tokens: [1, null] }, "suppress_tokens"],
  ["generation_config.json", config, { ...generation, lang_to_id: {} }, "lang_to_id"],
  ["generation_config.json", config, { ...generation, lang_to_id: { "<|en|>": "a" } }, "lang_to_id"],
  ["generation_config.json", config, { ...generation, task_to_id: { translate: 1 } }, "task_to_id.transcribe"],
])("a %s with an unfit field is refused with its name", async (name, configFile, generationFile, field) => {
  using folder = folderOf(configFile, generationFile);
  await expect(readWhisperConfig(folder.path)).rejects.toThrow(`${folder.path}/${name} has no valid ${field}`);
});

test("a model of one language only, which has no language tokens, is refused", async () => {
  using folder = folderOf(config, { ...generation, lang_to_id: undefined });
  await expect(readWhisperConfig(folder.path)).rejects.toThrow("generation_config.json has no valid lang_to_id");
});

test("a folder of another model family is refused", async () => {
  using folder = folderOf({ ...config, model_type: "camembert" }, generation);
  await expect(readWhisperConfig(folder.path)).rejects.toThrow("config.json is of another model_type than whisper");
});

test.each([null, [], 5])("a file that holds no object is refused: %j", async (value) => {
  using folder = folderOf(value, generation);
  await expect(readWhisperConfig(folder.path)).rejects.toThrow("config.json holds no JSON object");
});

function folderOf(configFile: unknown, generationFile: unknown): TemporaryFolder {
  const folder = new TemporaryFolder();
  folder.write("config.json", JSON.stringify(configFile));
  folder.write("generation_config.json", JSON.stringify(generationFile));
  return folder;
}
