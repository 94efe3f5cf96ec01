import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LoadedModel } from "../../../../src/inference/plugin.ts";
import { plugin } from "../../../../src/inference/plugins/whisper.ts";
import type { AudioWindowInput, TranscriptOutput } from "../../../../src/processes/protocol.ts";
import { TemporaryFolder } from "../../../helpers/temporary-folder.ts";
import { toyTokens, toyWhisperFolder, toyWhisperManifest, toyWindow } from "../../../helpers/toy-whisper.ts";

const session = { executionProvider: "cpu", intraOpNumThreads: 1 } as const;
const fast = ["onnx/encoder_model.onnx", "onnx/decoder_model.onnx"];
const merged = ["onnx/encoder_model_public.onnx", "onnx/decoder_model.onnx", "onnx/decoder_model_merged.onnx"];

describe.each([
  { layout: "the layout of this repository", files: fast },
  { layout: "its float16 form", files: ["onnx/encoder_model_fp16.onnx", "onnx/decoder_model_fp16.onnx"] },
  { layout: "the public layout", files: merged },
])("in $layout", ({ files }) => {
  let model: LoadedModel;

  beforeAll(async () => {
    model = await plugin.load(toyWhisperFolder, toyWhisperManifest(...files), session);
  });

  afterAll(async () => {
    await model.dispose();
  });

  test("a warm-up runs, and the device is the one asked for", async () => {
    await model.warmUp();
    expect(model.device).toBe("cpu");
  });

  test("every step is fed the token and the caches of the one before", async () => {
    for (const [number, tokens] of [
      [5, 2],
      [9, 3],
      [8, 60],
    ] as const) {
      const [output] = await transcripts(model, [toyWindow(number, 8)]);
      expect([...output!.tokenIds]).toEqual(toyTokens(number, "fr"));
      expect(output!.tokenIds).toHaveLength(tokens);
    }
  });

  test("the language is detected, and the text goes on from it", async () => {
    const outputs = await transcripts(model, [toyWindow(12, 8, null), toyWindow(5, 8, null)]);
    expect(outputs.map(({ language }) => language)).toEqual(["en", "fr"]);
    expect(outputs.map(({ tokenIds }) => [...tokenIds])).toEqual([toyTokens(12, "en"), toyTokens(5, "fr")]);
    for (const { languageProbability, noSpeechProbability } of outputs) {
      expect(languageProbability).toBeGreaterThan(0.5);
      expect(noSpeechProbability).toBeLessThan(0.5);
    }
  });

  test("the outputs of several windows are in the order of the windows", async () => {
    const outputs = await transcripts(
      model,
      [8, 5, 9].map((number) => toyWindow(number, 8)),
    );
    expect(outputs.map(({ tokenIds }) => [...tokenIds])).toEqual([8, 5, 9].map((number) => toyTokens(number, "fr")));
  });

  test("two runs take turns and do not disturb each other", async () => {
    const order: string[] = [];
    const run = async (name: string, number: number): Promise<number[]> => {
      const [output] = await transcripts(model, [toyWindow(number, 8)], () => order.push(name));
      return [...output!.tokenIds];
    };
    expect(await Promise.all([run("a", 8), run("b", 10)])).toEqual([toyTokens(8, "fr"), toyTokens(10, "fr")]);
    expect(order.join("")).toMatch(/ab.*ab.*ab/);
  });

  test("a failed run leaves the model sound", async () => {
    await expect(model.run([{ ...toyWindow(5, 8), melBins: 3 }], () => {})).rejects.toThrow("does not fit");
    expect(await transcripts(model, [toyWindow(5, 8)])).toHaveLength(1);
  });
});

test("the layout of this repository reads short windows as they are", async () => {
  await using model = await load(fast);
  const [output] = await transcripts(model, [toyWindow(5, 4)]);
  expect([...output!.tokenIds]).toEqual(toyTokens(5, "fr"));
});

test("the public layout reads short windows followed by silence", async () => {
  await using model = await load(merged);
  const [output] = await transcripts(model, [toyWindow(5, 4)]);
  // The highest value is 5, so silence is 3: in 4 frames of 2 rows.
  expect([...output!.tokenIds]).toEqual(toyTokens(5 + 4 * 2 * 3, "fr"));
});

test("a window of text is refused", async () => {
  await using model = await load(fast);
  const run = model.run([{ kind: "text", inputIds: Int32Array.of(1) }], () => {});
  await expect(run).rejects.toThrow("whisper reads windows of audio, not of text");
});

test("a manifest without an encoder or a decoder is not supported, one with both is", () => {
  const reason = "its manifest lists no onnx/encoder_model*.onnx with an onnx/decoder_model*.onnx";
  expect(plugin.unsupportedReason(toyWhisperManifest(...fast))).toBeNull();
  expect(plugin.unsupportedReason(toyWhisperManifest("onnx/encoder_model_quantized.onnx"))).toBe(reason);
  expect(plugin.unsupportedReason(toyWhisperManifest("onnx/decoder_model.onnx", "encoder_model.onnx"))).toBe(reason);
});

test.each([
  [
    ["onnx/encoder_model_public.onnx", "onnx/decoder_model.onnx"],
    "encoder_model_public.onnx lacks the inputs or outputs present.0.encoder.key, present.0.encoder.value",
  ],
  [
    ["onnx/encoder_model.onnx", "onnx/decoder_model_merged.onnx"],
    "encoder_model.onnx lacks the inputs or outputs last_hidden_state",
  ],
])("graphs that belong to different layouts are refused with the file and the names: %j", async (files, message) => {
  await expect(plugin.load(toyWhisperFolder, toyWhisperManifest(...files), session)).rejects.toThrow(message);
});

test("a folder without its configuration is refused with the file", async () => {
  using folder = new TemporaryFolder();
  await expect(plugin.load(folder.path, toyWhisperManifest(...fast), session)).rejects.toThrow("config.json");
});

async function load(files: readonly string[]): Promise<LoadedModel & AsyncDisposable> {
  const model = await plugin.load(toyWhisperFolder, toyWhisperManifest(...files), session);
  return { ...model, [Symbol.asyncDispose]: () => model.dispose() };
}

async function transcripts(
  model: LoadedModel,
  windows: readonly AudioWindowInput[],
  reportProgress: () => void = () => {},
): Promise<TranscriptOutput[]> {
  const outputs = await model.run(windows, reportProgress);
  return outputs.filter((output) => output.kind === "transcript");
}
