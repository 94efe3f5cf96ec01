import { expect, test } from "vitest";
import { readWhisperSettings } from "../../../src/model-store/whisper-settings.ts";
import { TemporaryFolder } from "../../helpers/temporary-folder.ts";

const languages = { "<|fr|>": 50265, "<|en|>": 50259, "<|haw|>": 50352 };

test("languages come from the language tokens, mel bins from the feature extractor", async () => {
  expect(await read({ lang_to_id: languages }, { feature_size: 128, hop_length: 160 })).toEqual({
    languages: ["en", "fr", "haw"],
    melBins: 128,
  });
});

test.each([
  [{}, { feature_size: 80 }, "generation_config.json"],
  [{ lang_to_id: {} }, { feature_size: 80 }, "generation_config.json"],
  [{ lang_to_id: { fr: 1 } }, { feature_size: 80 }, "generation_config.json"],
  [{ lang_to_id: { "<|fr|>": "1" } }, { feature_size: 80 }, "generation_config.json"],
  [{ lang_to_id: languages }, { feature_size: 64 }, "preprocessor_config.json"],
  [{ lang_to_id: languages }, {}, "preprocessor_config.json"],
])("a folder that says neither or something else is refused: %j, %j", async (generation, preprocessor, file) => {
  await expect(read(generation, preprocessor)).rejects.toThrow(`${file} cannot be used: `);
});

test("a missing file is named", async () => {
  using folder = new TemporaryFolder();
  await expect(readWhisperSettings(folder.path)).rejects.toThrow(/generation_config\.json cannot be read \(ENOENT\)$/);
});

async function read(generation: unknown, preprocessor: unknown) {
  using folder = new TemporaryFolder();
  folder.write("generation_config.json", JSON.stringify(generation));
  folder.write("preprocessor_config.json", JSON.stringify(preprocessor));
  return await readWhisperSettings(folder.path);
}
