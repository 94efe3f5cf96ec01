import { expect, test } from "vitest";
import { readVoxtralConfig, rulesFor } from "../../../../src/inference/voxtral/voxtral-config.ts";
import { TemporaryFolder } from "../../../helpers/temporary-folder.ts";
import { tinyVoxtralFolder } from "../../../helpers/tiny-voxtral.ts";

test("the files of a folder say how its graphs are run", async () => {
  expect(await readVoxtralConfig(tinyVoxtralFolder("voxtral-grouped"))).toEqual({
    melBins: 128,
    framesPerChunk: 3_000,
    tokensPerChunk: 375,
    width: 64,
    layers: 2,
    keyValueHeads: 2,
    headWidth: 24,
    vocabularySize: 1_400,
    audioTokenId: 24,
    maxPositions: 131_072,
    endTokenIds: [2],
  });
});

test("a missing field is named with its place in the file", async () => {
  using folder = new TemporaryFolder();
  folder.write("generation_config.json", "{}");
  folder.write("config.json", JSON.stringify({ model_type: "voxtral", audio_config: { max_source_positions: 1_500 } }));
  await expect(readVoxtralConfig(folder.path)).rejects.toThrow(/config\.json has no valid text_config$/);
  folder.write("config.json", JSON.stringify({ model_type: "voxtral", audio_config: {}, text_config: {} }));
  await expect(readVoxtralConfig(folder.path)).rejects.toThrow(
    /config\.json has no valid audio_config\.max_source_positions$/,
  );
});

test.each([
  // One token for 80 ms, and 16 to spare.
  [30_000, 386, 391],
  [1_000, 386, 29],
  [30_000, 131_000, 72],
])("%i ms of audio behind %i tokens may have %i tokens of text", async (audioMs, promptTokens, expected) => {
  const config = await readVoxtralConfig(tinyVoxtralFolder("voxtral-grouped"));
  expect(rulesFor(audioMs, promptTokens, config).maxNewTokens).toBe(expected);
});
