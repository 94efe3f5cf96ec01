import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LoadedModel } from "../../src/inference/plugin.ts";
import { plugin } from "../../src/inference/plugins/voxtral.ts";
import { AudioEncoder } from "../../src/inference/voxtral/audio-encoder.ts";
import { findGraphFiles } from "../../src/inference/voxtral/graph-files.ts";
import { openGraphs } from "../../src/inference/voxtral/graphs.ts";
import { readVoxtralConfig } from "../../src/inference/voxtral/voxtral-config.ts";
import type { AudioWindowInput, TranscriptOutput } from "../../src/processes/protocol.ts";
import { TekkenTokenizer } from "../../src/text/tekken-tokenizer.ts";
import { VoxtralPrompt } from "../../src/text/voxtral-prompt.ts";
import {
  type GoldenAnswer,
  type GoldenClip,
  goldenAnswers,
  goldenVoxtral,
  windowOf,
} from "../helpers/golden-voxtral.ts";
import { type TinyVoxtral, tinyVoxtralFolder, tinyVoxtralManifest, type VoxtralForm } from "../helpers/tiny-voxtral.ts";

const session = { executionProvider: "cpu", intraOpNumThreads: 1 } as const;

/** Minutes of one core. */
const longClip = "30 minutes";

interface Variant {
  readonly model: TinyVoxtral;
  readonly form: VoxtralForm;
  readonly isFused: boolean;
}

const variants: readonly Variant[] = [
  ...(["", "_fp16", "_quantized", "_q4", "_q4f16", "_q4gqa"] as const).map((form) => variant("voxtral-grouped", form)),
  ...(["", "_q4f16"] as const).map((form) => variant("voxtral-tied", form)),
  ...(["", "_fp16", "_q4", "_q4f16", "_q4gqa"] as const).map((form) => variant("voxtral-grouped", form, true)),
  variant("voxtral-tied", "_q4f16", true),
];

function variant(model: TinyVoxtral, form: VoxtralForm, isFused = false): Variant {
  return { model, form, isFused };
}

const prompts = new Map<TinyVoxtral, VoxtralPrompt>();
const windows = new Map<string, AudioWindowInput>();

beforeAll(async () => {
  for (const model of ["voxtral-grouped", "voxtral-tied"] as const) {
    prompts.set(model, new VoxtralPrompt(await TekkenTokenizer.load(tinyVoxtralFolder(model)), 375));
  }
});

test.each(["voxtral-grouped", "voxtral-tied"] as const)("the golden file is of the graphs of %s", (model) => {
  const { sha256 = {} } = goldenVoxtral.models[model] ?? {};
  expect(Object.keys(sha256).length).toBeGreaterThan(5);
  for (const [file, digest] of Object.entries(sha256)) {
    const bytes = readFileSync(join(tinyVoxtralFolder(model), "onnx", file));
    expect([file, createHash("sha256").update(bytes).digest("hex")]).toEqual([file, digest]);
  }
});

test.each(goldenVoxtral.clips)("the prompt for $name is that of mistral-common", (clip) => {
  const tokenIds = prompts.get("voxtral-grouped")!.tokenIds(clip.chunks, clip.language);
  const places = Array.from({ length: clip.audioTokens }, () => 24);
  expect([...tokenIds]).toEqual([...clip.promptStart, ...places, ...clip.promptEnd]);
});

describe.each(variants)("$model $form, fused: $isFused", ({ model: name, form, isFused }) => {
  const { clips: answers, tolerance } = goldenAnswers(name, form);
  const clips = goldenVoxtral.clips.filter((clip) => answers[clip.name] !== undefined && clip.name !== longClip);
  const folder = tinyVoxtralFolder(name);
  const manifest = tinyVoxtralManifest(folder, form, isFused);
  let model: LoadedModel;

  beforeAll(async () => {
    model = await plugin.load(folder, manifest, session);
    await model.warmUp();
  });

  afterAll(async () => {
    await model.dispose();
  });

  test("every clip has the tokens of the reference", async () => {
    expect(clips).toHaveLength(12);
    for (const clip of clips) {
      const [output] = await transcripts(model, [windowFor(name, clip)]);
      expectAnswer(output, answers[clip.name], clip.name, tolerance);
    }
  });

  test.each(goldenVoxtral.batches.map((names) => ({ names })))(
    "in a batch of $names.length they are the same",
    async ({ names }) => {
      const batch = names.map((each) => clips.find((clip) => clip.name === each)!);
      const outputs = await transcripts(
        model,
        batch.map((clip) => windowFor(name, clip)),
      );
      batch.forEach((clip, index) => {
        expectAnswer(outputs[index], answers[clip.name], clip.name, Number.POSITIVE_INFINITY);
      });
    },
  );

  test("logits of the first and of the last step are within the tolerance", async () => {
    const config = await readVoxtralConfig(folder);
    const { audioEncoder, decoder } = await openGraphs(folder, findGraphFiles(manifest), config, session);
    for (const clip of clips.filter(({ chunks }) => chunks === 1)) {
      const { features, frames, promptTokenIds } = windowFor(name, clip);
      const { tokenIds, ended, firstLogits, lastLogits } = answers[clip.name]!;
      const [audio] = await audioEncoder.encode([{ features, frames }], () => {});
      let step = await decoder.read(decoder.begin(), promptTokenIds, audio!);
      expectClose(step.logits[0]!, firstLogits, tolerance);
      for (const tokenId of ended ? tokenIds : tokenIds.slice(0, -1)) {
        step = await decoder.step(step.cache, [tokenId]);
      }
      expectClose(step.logits[0]!, lastLogits, tolerance);
    }
    await audioEncoder.release();
    await decoder.release();
  });

  test("a run that is cancelled in the middle leaves nothing behind: the next one has the same tokens", async () => {
    const clip = clips[0]!;
    const window = windowFor(name, clip);
    let allSigns = 0;
    await model.run([window, window], () => {
      allSigns++;
    });
    // In the encoder, in the prompts, and in what is decoded after them.
    const promptSigns = 2 * (1 + Math.ceil(window.promptTokenIds.length / 128));
    expect(allSigns).toBeGreaterThan(promptSigns);
    for (const lastSign of [1, promptSigns - 2, promptSigns + 1, allSigns]) {
      let signs = 0;
      const cancelled = model.run([window, window], () => {
        signs++;
        if (signs === lastSign) {
          throw new Error("nobody waits");
        }
      });
      await expect(cancelled).rejects.toThrow("nobody waits");
    }
    const [output] = await transcripts(model, [window]);
    expectAnswer(output, answers[clip.name], clip.name, tolerance);
  });
});

// In fp32 a run for each token, which hands over the caches of 22,900 positions, would take twice as long.
test.each([variant("voxtral-grouped", "", true), variant("voxtral-grouped", "_q4")])(
  "30 minutes in one prompt have the tokens of the reference$form, fused: $isFused",
  async ({ form, isFused }) => {
    const folder = tinyVoxtralFolder("voxtral-grouped");
    const model = await plugin.load(folder, tinyVoxtralManifest(folder, form, isFused), session);
    const clip = goldenVoxtral.clips.find(({ name }) => name === longClip)!;
    const { clips, tolerance } = goldenAnswers("voxtral-grouped", form);
    const [output] = await transcripts(model, [windowFor("voxtral-grouped", clip)]);
    expectAnswer(output, clips[longClip], longClip, tolerance);
    await model.dispose();
  },
);

test.each([
  variant("voxtral-grouped", "_q4"),
  variant("voxtral-grouped", "_q4gqa"),
  variant("voxtral-grouped", "_q4", true),
])("whatever the batch, every clip has its own tokens: $form, fused: $isFused", async ({ form, isFused }) => {
  const folder = tinyVoxtralFolder("voxtral-grouped");
  const model = await plugin.load(folder, tinyVoxtralManifest(folder, form, isFused), session);
  const { clips: answers } = goldenAnswers("voxtral-grouped", form);
  const short = goldenVoxtral.clips.filter(({ chunks }) => chunks <= 3);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...short), { minLength: 1, maxLength: 7 }), async (batch) => {
      const outputs = await transcripts(
        model,
        batch.map((clip) => windowFor("voxtral-grouped", clip)),
      );
      expect(outputs.map(({ tokenIds }) => [...tokenIds])).toEqual(batch.map(({ name }) => answers[name]!.tokenIds));
    }),
    { numRuns: 6 },
  );
  await model.dispose();
});

test("runs that take turns do not touch each other, nor do drawn texts beside the likeliest", async () => {
  const folder = tinyVoxtralFolder("voxtral-grouped");
  const model = await plugin.load(folder, tinyVoxtralManifest(folder, "_q4", true), session);
  const { clips: answers } = goldenAnswers("voxtral-grouped", "_q4");
  const some = goldenVoxtral.clips.filter(({ chunks }) => chunks === 1).slice(0, 4);
  const inputs = some.map((clip, index) => ({
    ...windowFor("voxtral-grouped", clip),
    // A temperature so low that it draws the likeliest, step by step.
    temperature: index % 2 === 0 ? 0 : 0.05,
    seed: index,
  }));
  const batches = [inputs, inputs.toReversed(), inputs.slice(0, 1)];
  const outputs = await Promise.all(
    batches.map((batch) => model.run(batch, () => new Promise<void>((resolve) => void setImmediate(resolve)))),
  );
  const expected = some.map(({ name }) => answers[name]!.tokenIds);
  const tokens = outputs.map((each) =>
    each.map((output) => (output.kind === "transcript" ? [...output.tokenIds] : [])),
  );
  expect(tokens).toEqual([expected, expected.toReversed(), expected.slice(0, 1)]);
  await model.dispose();
});

test("chunks that are encoded together, of one window or of several, have the rows that they have alone", async () => {
  const folder = tinyVoxtralFolder("voxtral-grouped");
  const config = await readVoxtralConfig(folder);
  const file = join(folder, "onnx/audio_encoder_q4.onnx");
  const spectrograms = [1, 3, 1, 2].map((count) =>
    windowFor("voxtral-grouped", goldenVoxtral.clips.find(({ chunks }) => chunks === count)!),
  );
  const alone = await AudioEncoder.open(file, config, session, 1);
  const together = await AudioEncoder.open(file, config, session, 3);
  const expected = await Promise.all(spectrograms.map((each) => alone.encode([each], () => {})));
  let runs = 0;
  const all = await together.encode(spectrograms, () => {
    runs++;
  });
  expect(runs).toBe(3);
  expect(all).toHaveLength(spectrograms.length);
  all.forEach((rows, index) => {
    const [same] = expected[index]!;
    expect(rows.length).toBe(same!.length);
    expect(rows.reduce((most, value, at) => Math.max(most, Math.abs(value - same![at]!)), 0)).toBeLessThan(1e-4);
  });
  await Promise.all([alone.release(), together.release()]);
});

function windowFor(model: TinyVoxtral, clip: GoldenClip): AudioWindowInput {
  const key = `${model} ${clip.name}`;
  const window = windows.get(key) ?? windowOf(clip, prompts.get(model)!);
  windows.set(key, window);
  return window;
}

async function transcripts(model: LoadedModel, inputs: readonly AudioWindowInput[]): Promise<TranscriptOutput[]> {
  const outputs = await model.run(inputs, () => {});
  return outputs.filter((output) => output.kind === "transcript");
}

function expectAnswer(
  output: TranscriptOutput | undefined,
  answer: GoldenAnswer | undefined,
  clip: string,
  tolerance: number,
): void {
  expect({ clip, tokenIds: [...(output?.tokenIds ?? [-1])] }).toEqual({ clip, tokenIds: answer?.tokenIds });
  const { tokenIds = [], ended = false, logProbability = 0 } = answer ?? {};
  const mean = logProbability / (tokenIds.length + (ended ? 1 : 0));
  expect(Math.abs((output?.averageLogProbability ?? Number.NaN) - mean)).toBeLessThan(Math.max(0.01, tolerance));
}

function expectClose(logits: Float32Array, expected: readonly number[], tolerance: number): void {
  const differences = goldenVoxtral.logitPositions.map((position, at) => Math.abs(logits[position]! - expected[at]!));
  expect(Math.max(...differences)).toBeLessThan(tolerance);
}
