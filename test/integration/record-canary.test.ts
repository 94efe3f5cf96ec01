import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { openModelFolder } from "../../src/model-store/model-folder.ts";
import { recordCanary } from "../../src/record-canary.ts";
import { goldenTranscripts } from "../helpers/golden-transcripts.ts";
import { copyRealModel } from "../helpers/model-folder.ts";
import { realSpeechFolder } from "../helpers/speech-models.ts";
import { TemporaryFolder } from "../helpers/temporary-folder.ts";
import { writeTinyVoxtral } from "../helpers/tiny-voxtral.ts";

test("a speech model's manifest gets the tokens that it writes of the clip, and keeps all else; again, it stays as it is", async () => {
  using folder = new TemporaryFolder();
  writeTinyVoxtral(folder.path);
  const { manifest: before } = await openModelFolder(folder.path);
  expect(await recordCanary([folder.path])).toMatch(/manifest\.json: \d+ tokens of the spoken clip$/);
  const { manifest } = await openModelFolder(folder.path);
  const { canary, ...rest } = manifest;
  expect(rest).toEqual(before);
  expect(canary).toMatchObject({ clip: expect.stringMatching(/^[0-9a-f]{64}$/), tolerance: 0.4 });
  const written = readFileSync(join(folder.path, "manifest.json"), "utf8");
  expect(await recordCanary([folder.path])).toContain("has it already");
  expect(readFileSync(join(folder.path, "manifest.json"), "utf8")).toBe(written);
});

test("the Whisper of the repository has the canary that the reference wrote in Python", async () => {
  const { manifest } = await openModelFolder(realSpeechFolder);
  const clip = goldenTranscripts.clips.find(({ file }) => file === "transfer.wav");
  expect(manifest.canary).toMatchObject({ tokenIds: clip?.int8Short.tokens });
});

test("the toxicity model gets the scores that it has, and a tolerance of its own is kept", async () => {
  using folder = new TemporaryFolder();
  const file = join(copyRealModel(folder.path, "copy"), "manifest.json");
  const { canary, ...manifest } = JSON.parse(readFileSync(file, "utf8")) as { canary: { tolerance: number } };
  const texts = [{ text: "Bonjour", scores: { toxic: 1 } }];
  writeFileSync(file, JSON.stringify({ ...manifest, canary: { texts, tolerance: 0.01 } }));
  await recordCanary([folder.path]);
  expect((await openModelFolder(folder.path)).manifest.canary).toEqual({ ...canary, tolerance: 0.01 });
});

test("a model that cannot be started is refused with what its process said, and its manifest stays as it was", async () => {
  using folder = new TemporaryFolder();
  const file = join(copyRealModel(folder.path, "copy"), "manifest.json");
  const manifest = { ...JSON.parse(readFileSync(file, "utf8")), plugin: "no-such-plugin" };
  writeFileSync(file, JSON.stringify(manifest));
  await expect(recordCanary([folder.path])).rejects.toThrow(/^copy cannot be started: .*no-such-plugin/);
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(manifest);
});

test("a folder whose files are not what its manifest says is refused", async () => {
  using folder = new TemporaryFolder();
  rmSync(join(writeTinyVoxtral(folder.path), "config.json"));
  await expect(recordCanary([folder.path])).rejects.toThrow("config.json is missing");
});

test("a model that answers no requests has no canary", async () => {
  const folder = fileURLToPath(new URL("../../models/silero-vad", import.meta.url));
  await expect(recordCanary([folder])).rejects.toThrow("silero-vad answers no requests: it has no canary");
});

test.each([[[]], [["one", "two"]], [["--all"]]])("with the arguments %j the usage is told", async (args) => {
  await expect(recordCanary(args)).rejects.toThrow(/^usage: npm run record-canary/);
});
