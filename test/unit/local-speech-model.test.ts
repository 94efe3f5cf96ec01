import { expect, test } from "vitest";
import { openSpeechModel, writeSpeechFolder } from "../helpers/speech-models.ts";
import { TemporaryFolder } from "../helpers/temporary-folder.ts";

test("a folder is opened with its languages, its mel bins and its vocabulary", async () => {
  using folder = new TemporaryFolder();
  const model = await openSpeechModel({ folder: writeSpeechFolder(folder.path), instances: 3 });
  expect([model.identity.name, model.task, model.windows.melBins]).toEqual([
    "whisper-base",
    "automatic-speech-recognition",
    80,
  ]);
  expect(model.languages).toHaveLength(99);
  expect(model.languages).toContain("fr");
  expect([model.state(), model.windowsAhead, model.queueDepth]).toEqual(["loading", 4, 0]);
  expect(model.refusal({ address: "A", clientId: "x" })).toMatchObject({ code: "model_loading" });
  expect(model.decode(Int32Array.of(25431, 1531, 8317, 13))).toBe(" Bonjour à tous.");
  await model.close();
});

test("a file that is used but not listed in the manifest is refused: nobody would have verified it", async () => {
  using folder = new TemporaryFolder();
  const changes = { "preprocessor_config.json": null, "tokenizer.json": null };
  await expect(openSpeechModel({ folder: writeSpeechFolder(folder.path, changes) })).rejects.toThrow(
    /does not list preprocessor_config\.json, tokenizer\.json$/,
  );
});

test("a folder that does not match its manifest is refused before anything of it is used", async () => {
  using folder = new TemporaryFolder();
  await expect(
    openSpeechModel({ folder: writeSpeechFolder(folder.path, { "generation_config.json": "{}" }) }),
  ).rejects.toThrow(/generation_config\.json has 2 bytes instead of \d+$/);
});
