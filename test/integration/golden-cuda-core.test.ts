import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { LogMel } from "../../src/audio/log-mel.ts";
import { loadOnnxRuntime } from "../../src/inference/load-onnx-runtime.ts";
import type { LoadedModel } from "../../src/inference/plugin.ts";
import { plugin as camembert } from "../../src/inference/plugins/camembert.ts";
import { plugin as voxtral } from "../../src/inference/plugins/voxtral.ts";
import { plugin as whisper } from "../../src/inference/plugins/whisper.ts";
import { openModelFolder } from "../../src/model-store/model-folder.ts";
import type { WindowInput } from "../../src/processes/protocol.ts";
import { TekkenTokenizer } from "../../src/text/tekken-tokenizer.ts";
import { VoxtralPrompt } from "../../src/text/voxtral-prompt.ts";
import { audioWindow } from "../helpers/audio-window.ts";
import { textWindow } from "../helpers/fixture-process.ts";
import { expectAgreement, textsWithLogits } from "../helpers/golden-logits.ts";
import { goldenTranscripts, sureClips } from "../helpers/golden-transcripts.ts";
import { goldenAnswers, goldenVoxtral, windowOf } from "../helpers/golden-voxtral.ts";
import { loadMessage } from "../helpers/load-message.ts";
import { logitsOf } from "../helpers/logits-of.ts";
import { realModelFolder } from "../helpers/model-folder.ts";
import { realSpeechFolder } from "../helpers/speech-models.ts";
import { readSpeech } from "../helpers/speech-samples.ts";
import { tinyVoxtralFolder, tinyVoxtralManifest } from "../helpers/tiny-voxtral.ts";

// The other core of ONNX Runtime, on the CPU: what a process loads whose GPU needs 1.27. A part of what the golden files
// hold for each family of models; all of it with ONNX_RUNTIME_PACKAGE=onnxruntime-node-cuda npx vitest run golden.

// Before anything loads a core: one process can have one only.
vi.hoisted(() => vi.stubEnv("ONNX_RUNTIME_PACKAGE", "onnxruntime-node-cuda"));

const { session } = loadMessage;
/** A batch of unequal prompts and unequal lengths. */
const clips = goldenVoxtral.clips.filter(({ name }) => ["one sentence", "half a character", "silence"].includes(name));
/** The quickest. */
const spoken = sureClips
  .toSorted((one, other) => one.int8Short.tokens.length - other.int8Short.tokens.length)
  .slice(0, 3);

test("the core that this file tests is 1.27.0, and no other is loaded", async () => {
  expect((await loadOnnxRuntime()).env.versions.node).toBe("1.27.0");
  const loaded = readFileSync("/proc/self/maps", "utf8").matchAll(/node_modules\/([^/]+)\/bin\/\S*libonnxruntime\.so/g);
  expect([...new Set([...loaded].map(([, name]) => name))]).toEqual(["onnxruntime-node-cuda"]);
});

test("CamemBERT's logits are those of Python's onnxruntime, in batches", async () => {
  const { manifest } = await openModelFolder(realModelFolder);
  const model = await camembert.load(realModelFolder, manifest, session);
  for (let from = 0; from < textsWithLogits.length; from += 8) {
    const batch = textsWithLogits.slice(from, from + 8);
    const outputs = await model.run(
      batch.map(({ inputIds }) => textWindow(...inputIds)),
      () => {},
    );
    batch.forEach(({ logits }, index) => expectAgreement(logitsOf(outputs[index]), logits));
  }
  await model.dispose();
});

describe("Voxtral's tokens are those of the reference, one clip at a time and in a batch", () => {
  const folder = tinyVoxtralFolder("voxtral-grouped");
  const windows: WindowInput[] = [];

  beforeAll(async () => {
    const prompt = new VoxtralPrompt(await TekkenTokenizer.load(folder), 375);
    windows.push(...clips.map((clip) => windowOf(clip, prompt)));
  });

  test.each([
    ["", false],
    ["_q4", false],
    ["_q4f16", false],
    ["", true],
    ["_q4", true],
    ["_q4f16", true],
    ["_q4gqa", true],
  ] as const)("voxtral-grouped%s, fused: %s", async (form, isFused) => {
    const model = await voxtral.load(folder, tinyVoxtralManifest(folder, form, isFused), session);
    const { clips: answers } = goldenAnswers("voxtral-grouped", form);
    const expected = clips.map(({ name }) => answers[name]?.tokenIds);
    expect(await tokensOf(model, windows)).toEqual(expected);
    expect(await tokensOf(model, windows.slice(0, 1))).toEqual(expected.slice(0, 1));
    await model.dispose();
  });
});

describe("Whisper's tokens are those of a plain loop in Python", () => {
  const logMel = new LogMel(80, null);
  let model: LoadedModel;

  beforeAll(async () => {
    const { manifest } = await openModelFolder(realSpeechFolder);
    model = await whisper.load(realSpeechFolder, manifest, session);
  });

  afterAll(async () => {
    await model.dispose();
  });

  test.each(spoken)("$file", async ({ file, int8Short: { frames, tokens } }) => {
    const features = logMel.features(readSpeech(file), frames);
    const { language } = goldenTranscripts;
    expect(await tokensOf(model, [audioWindow({ features, frames, language })])).toEqual([tokens]);
  });
});

async function tokensOf(model: LoadedModel, windows: readonly WindowInput[]): Promise<number[][]> {
  const outputs = await model.run(windows, () => {});
  return outputs.map((output) => (output.kind === "transcript" ? [...output.tokenIds] : []));
}
