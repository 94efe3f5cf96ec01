import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openModelFolder } from "../../src/model-store/model-folder.ts";
import { writeManifest } from "../../src/write-manifest.ts";
import { realModelFolder } from "../helpers/model-folder.ts";
import { realSpeechFolder } from "../helpers/speech-models.ts";
import { TemporaryFolder } from "../helpers/temporary-folder.ts";
import { tinyVoxtralFolder } from "../helpers/tiny-voxtral.ts";

const identity = ["--name", "mine", "--version", "2.0.0", "--licence", "Apache-2.0"];

test("a folder as it was downloaded gets a manifest that it opens with", async () => {
  using folder = linksTo(tinyVoxtralFolder("voxtral-tied"), ["config.json", "tokenizer.json", "onnx"]);
  const summary = await writeManifest([folder.path, ...identity, "--form", "q4f16"]);
  expect(summary).toContain("mine 2.0.0, int4");
  const { manifest } = await openModelFolder(folder.path);
  expect(manifest).toMatchObject({ name: "mine", version: "2.0.0", plugin: "voxtral", licence: "Apache-2.0" });
  expect(manifest.files.map(({ path }) => path)).toContain("onnx/audio_encoder_q4f16.onnx");
});

test("a classifier's graph has a name of its own", async () => {
  using folder = linksTo(realModelFolder, ["config.json", "tokenizer.json", "onnx"]);
  const written = writeManifest([folder.path, ...identity, "--form", "q8"]);
  await expect(written).resolves.toContain("onnx/model_quantized.onnx");
});

test("a Whisper in another layout than the public one is told what it lacks", async () => {
  using folder = linksTo(realSpeechFolder, ["config.json", "onnx"]);
  await expect(writeManifest([folder.path, ...identity, "--form", "q8"])).rejects.toThrow(
    /decoder_model_merged_quantized\.onnx is missing/,
  );
});

test.each([
  ["no folder", identity],
  ["no name", ["folder", "--version", "1.0.0", "--licence", "MIT"]],
  ["two folders", ["one", "two", ...identity]],
  ["a part without a form", ["one", ...identity, "--part", "embed_tokens"]],
  ["a form for GPUs that is the CPU's", ["one", ...identity, "--form", "fp16", "--gpu-form", "fp16"]],
  ["a form for GPUs twice", ["one", ...identity, "--gpu-form", "fp16", "--gpu-form", "fp16"]],
  ["an option that does not exist", ["one", ...identity, "--precision", "q4"]],
])("%s: the usage is told", async (_, args) => {
  await expect(writeManifest(args)).rejects.toThrow(/^usage: npm run write-manifest/);
});

test("the graphs that a fused one stands for are used where a form is given for one of them", async () => {
  using folder = linksTo(tinyVoxtralFolder("voxtral-grouped"), ["config.json", "onnx"]);
  const fused = await writeManifest([folder.path, ...identity, "--form", "q4"]);
  expect(fused).toContain("decoder_fused_q4.onnx");
  const stepwise = await writeManifest([folder.path, ...identity, "--form", "q4", "--part", "embed_tokens=fp16"]);
  expect(stepwise).toMatch(/embed_tokens_fp16\.onnx .*decoder_model_merged_q4\.onnx/s);
  expect(stepwise).not.toContain("decoder_fused");
});

test("a part that the model does not have is told with those that it has", async () => {
  using folder = linksTo(tinyVoxtralFolder("voxtral-tied"), ["config.json", "onnx"]);
  await expect(writeManifest([folder.path, ...identity, "--part", "embed_token=q4"])).rejects.toThrow(
    "the model has no parts embed_token; it has audio_encoder, embed_tokens, decoder_model_merged",
  );
});

test("forms for GPUs are listed by their precision, the form for the CPU among the files", async () => {
  using folder = linksTo(tinyVoxtralFolder("voxtral-tied"), ["config.json", "tokenizer.json", "onnx"]);
  const summary = await writeManifest([folder.path, ...identity, "--gpu-form", "q4f16"]);
  expect(summary).toMatch(/mine 2\.0\.0, fp32\n.*\non GPUs, int4\n/s);
  const { manifest } = await openModelFolder(folder.path);
  expect(graphsOf(manifest.files)).toEqual([
    "onnx/audio_encoder.onnx",
    "onnx/embed_tokens.onnx",
    "onnx/decoder_model_merged.onnx",
  ]);
  expect(graphsOf(manifest.variants?.int4)).toEqual(["onnx/audio_encoder_q4f16.onnx", "onnx/decoder_fused_q4f16.onnx"]);
});

test("two forms for GPUs of the same precision are refused: nothing could choose between them", async () => {
  using folder = linksTo(tinyVoxtralFolder("voxtral-tied"), ["config.json", "onnx"]);
  const forms = ["--gpu-form", "q4", "--gpu-form", "q4f16"];
  await expect(writeManifest([folder.path, ...identity, ...forms])).rejects.toThrow(
    "of q4 and q4f16 only one can be used: they are of one precision",
  );
});

test("a form for GPUs that the folder does not have is told with those that it has", async () => {
  using folder = linksTo(realModelFolder, ["config.json", "tokenizer.json", "onnx"]);
  await expect(writeManifest([folder.path, ...identity, "--form", "q8", "--gpu-form", "fp16"])).rejects.toThrow(
    /model_fp16\.onnx is missing; there are model_quantized\.onnx/,
  );
});

test("a name that no manifest may have is refused before anything is written", async () => {
  using folder = linksTo(tinyVoxtralFolder("voxtral-tied"), ["config.json", "onnx"]);
  const args = [folder.path, "--name", "Not A Name", "--version", "1", "--licence", "MIT", "--form", "q4f16"];
  await expect(writeManifest(args)).rejects.toThrow(/name: .*; version: /);
  await expect(openModelFolder(folder.path)).rejects.toThrow("manifest.json cannot be read");
});

test("a folder of no model is named", async () => {
  await expect(writeManifest(["/nowhere", ...identity])).rejects.toThrow(
    "/nowhere/config.json cannot be read (ENOENT)",
  );
});

function graphsOf(files: readonly { path: string }[] = []): string[] {
  return files.map(({ path }) => path).filter((path) => path.endsWith(".onnx"));
}

function linksTo(source: string, names: readonly string[]): TemporaryFolder {
  const folder = new TemporaryFolder();
  names.forEach((name) => symlinkSync(join(source, name), join(folder.path, name)));
  return folder;
}
