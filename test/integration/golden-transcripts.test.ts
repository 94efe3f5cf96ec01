import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LogMel } from "../../src/audio/log-mel.ts";
import type { LoadedModel } from "../../src/inference/plugin.ts";
import { plugin } from "../../src/inference/plugins/whisper.ts";
import { openModelFolder } from "../../src/model-store/model-folder.ts";
import type { TranscriptOutput } from "../../src/processes/protocol.ts";
import { ByteLevelDecoder } from "../../src/text/byte-level-decoder.ts";
import { audioWindow } from "../helpers/audio-window.ts";
import { type GoldenClip, type GoldenForm, goldenTranscripts, sureClips } from "../helpers/golden-transcripts.ts";
import { loadMessage } from "../helpers/load-message.ts";
import { realSpeechFolder } from "../helpers/speech-models.ts";
import { readSpeech } from "../helpers/speech-samples.ts";

/** Half a logit where the probability is 0.9. */
const probabilityTolerance = 0.05;
/** Share of the clips; in the others a choice is so close that another processor may make the other one. */
const fewestEqual = 0.75;
/** Every second one: each costs seconds. */
const inFullContext = goldenTranscripts.clips.filter((_, index) => index % 2 === 0);
/** Names the folder that the step `float32` of tools/whisper-model writes: 290 MB that are not in the repository. */
const float32Variable = "WHISPER_FLOAT32_FOLDER";

const logMel = new LogMel(80, null);
const heardBefore = new Map<string, Promise<TranscriptOutput>>();
let model: LoadedModel;

beforeAll(async () => {
  const { manifest } = await openModelFolder(realSpeechFolder);
  model = await plugin.load(realSpeechFolder, manifest, loadMessage.session);
});

afterAll(async () => {
  await model.dispose();
});

test("the golden file is of the model that is served", async () => {
  const { manifest } = await openModelFolder(realSpeechFolder);
  const graphs = manifest.files.filter(({ path }) => path.endsWith(".onnx"));
  expect(goldenTranscripts.model).toEqual({
    name: manifest.name,
    version: manifest.version,
    sha256: Object.fromEntries(graphs.map(({ path, sha256 }) => [path, sha256])),
  });
});

describe("a clip has the tokens that a plain loop in Python found", () => {
  test("and there are enough clips to say so", () => {
    expect(sureClips.length).toBeGreaterThanOrEqual(10);
  });

  test.each(sureClips)("in the shortest window: $file", async (clip) => {
    const output = await heard(clip, "int8Short");
    expect([...output.tokenIds]).toEqual(clip.int8Short.tokens);
    expectProbabilities(output, clip.int8Short);
  });

  test.each(sureClips.slice(0, 3))("in the full context, with its text: $file", async (clip) => {
    const decoder = await ByteLevelDecoder.load(realSpeechFolder);
    const output = await heard(clip, "int8");
    expect([...output.tokenIds]).toEqual(clip.int8.tokens);
    expect(decoder.decode(output.tokenIds).trim()).toBe(clip.text);
    expectProbabilities(output, clip.int8);
  });

  test.each(sureClips.slice(0, 3))("when its language is detected: $file", async ({ file: name, int8Short }) => {
    const output = await transcribe(readSpeech(name), int8Short.frames, null);
    expect(output.language).toBe(goldenTranscripts.language);
    expect([...output.tokenIds]).toEqual(int8Short.tokens);
    expectProbabilities(output, int8Short);
  });
});

describe("sure or not, nearly all clips have the tokens", { timeout: 900_000 }, () => {
  test("of the plain loop, in the shortest window", async () => {
    const { clips } = goldenTranscripts;
    expect(await shareEqual(clips, "int8Short", heard)).toBeGreaterThanOrEqual(fewestEqual);
  });

  test("of the plain loop, in the full context", async () => {
    expect(await shareEqual(inFullContext, "int8", heard)).toBeGreaterThanOrEqual(fewestEqual);
  });

  const float32Folder = process.env[float32Variable];
  test.skipIf(float32Folder === undefined)(
    `of transformers, in float32 (${float32Variable} names the folder)`,
    async () => {
      const float32 = await loadFloat32(float32Folder!);
      try {
        const { clips, language } = goldenTranscripts;
        const share = await shareEqual(clips, "float32", (clip, form) =>
          transcribe(readSpeech(clip.file), clip[form].frames, language, float32),
        );
        expect(share).toBe(1);
      } finally {
        await float32.dispose();
      }
    },
  );
});

test("silence is told from speech", async () => {
  const { frames, noSpeech } = goldenTranscripts.silence;
  const output = await transcribe(new Float32Array(), frames, goldenTranscripts.language);
  expect(Math.abs(known(output.noSpeechProbability) - noSpeech)).toBeLessThan(probabilityTolerance);
  const loudest = Math.max(...goldenTranscripts.clips.map(({ int8Short }) => int8Short.noSpeech));
  expect(output.noSpeechProbability).toBeGreaterThan(loudest);
});

/** What the model hears in a clip; it is asked once. */
function heard(clip: GoldenClip, form: "int8" | "int8Short"): Promise<TranscriptOutput> {
  const key = `${clip.file} ${form}`;
  const output =
    heardBefore.get(key) ?? transcribe(readSpeech(clip.file), clip[form].frames, goldenTranscripts.language);
  heardBefore.set(key, output);
  return output;
}

/** The share of the clips that get the golden ids of that form, one after the other. */
async function shareEqual<Form extends "float32" | "int8" | "int8Short">(
  clips: readonly GoldenClip[],
  form: Form,
  hear: (clip: GoldenClip, form: Form) => Promise<TranscriptOutput>,
): Promise<number> {
  let equal = 0;
  for (const clip of clips) {
    const { tokenIds } = await hear(clip, form);
    equal += isDeepStrictEqual([...tokenIds], clip[form].tokens) ? 1 : 0;
  }
  return equal / clips.length;
}

/** The same graphs in float32. */
async function loadFloat32(folder: string): Promise<LoadedModel> {
  const { manifest } = await openModelFolder(realSpeechFolder);
  const files = manifest.files.map((entry) => ({ ...entry, path: entry.path.replace("_quantized", "") }));
  return plugin.load(folder, { ...manifest, files }, loadMessage.session);
}

async function transcribe(
  samples: Float32Array,
  frames: number,
  language: string | null,
  from = model,
): Promise<TranscriptOutput> {
  const features = logMel.features(samples, frames);
  const [output] = await from.run([audioWindow({ features, frames, language })], () => {});
  if (output?.kind !== "transcript") {
    throw new Error("the plugin gave no transcript");
  }
  return output;
}

function expectProbabilities(output: TranscriptOutput, expected: GoldenForm): void {
  expect(Math.abs(known(output.noSpeechProbability) - expected.noSpeech)).toBeLessThan(probabilityTolerance);
  const languageProbability = expected.languages[output.language ?? ""] ?? 0;
  expect(Math.abs(known(output.languageProbability) - languageProbability)).toBeLessThan(probabilityTolerance);
  expect(output.averageLogProbability).toBeLessThan(0);
}

/** Whisper says how sure it is. */
function known(value: number | null): number {
  return value ?? Number.NaN;
}
