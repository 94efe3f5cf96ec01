import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { plugin } from "../../src/inference/plugins/voxtral.ts";
import { describeFolder } from "../../src/model-store/describe-folder.ts";
import type { Manifest } from "../../src/model-store/manifest.ts";
import { openModelFolder } from "../../src/model-store/model-folder.ts";
import { openVoxtralFamily } from "../../src/voxtral-family.ts";
import { TemporaryFolder } from "../helpers/temporary-folder.ts";
import { tinyVoxtralFolder, type VoxtralForm, writeTinyVoxtral } from "../helpers/tiny-voxtral.ts";

const session = { executionProvider: "cpu", intraOpNumThreads: 1 } as const;

type Config = Record<"text_config" | "audio_config", Record<string, unknown>> & Record<string, unknown>;

describe("a folder that does not match its manifest is refused, and the file is named", () => {
  test.each(["onnx/decoder_model_merged_q4.onnx", "onnx/decoder_model_merged_q4.onnx_data_1", "tokenizer.json"])(
    "%s is missing",
    async (file) => {
      using folder = folderOf("_q4");
      rmSync(join(folder.path, file));
      await expect(openModelFolder(folder.path)).rejects.toThrow(`${file} is missing`);
    },
  );

  test("external data that was cut off", async () => {
    using folder = folderOf("_q4");
    const file = "onnx/decoder_model_merged_q4.onnx_data";
    const bytes = replace(folder, file, (before) => before.subarray(0, before.length / 2)).length;
    await expect(openModelFolder(folder.path)).rejects.toThrow(`${file} has ${bytes / 2} bytes instead of ${bytes}`);
  });

  test("external data that the manifest does not list", async () => {
    using folder = folderOf("_q4");
    const manifest = join(folder.path, "manifest.json");
    const { files, ...rest } = JSON.parse(readFileSync(manifest, "utf8")) as { files: { path: string }[] };
    const listed = files.filter(({ path }) => !path.endsWith("_data_1"));
    writeFileSync(manifest, JSON.stringify({ ...rest, files: listed }));
    await expect(openModelFolder(folder.path)).rejects.toThrow(
      "onnx/decoder_model_merged_q4.onnx_data_1 is not listed",
    );
  });
});

describe("a folder that matches its manifest, but not itself, is refused at load with one clear error", () => {
  test.each([
    ["external data that was cut off", "_q4", "onnx/decoder_model_merged_q4.onnx_data", "decoder_model_merged_q4.onnx"],
    ["a graph that is none", "_q4", "onnx/embed_tokens_q4.onnx", "embed_tokens_q4.onnx"],
  ] as const)("%s", async (_, form, file, named) => {
    using folder = folderOf(form);
    replace(folder, file, (before) => before.subarray(0, before.length / 2));
    await expect(load(folder)).rejects.toThrow(named);
  });

  test("external data that is gone", async () => {
    using folder = folderOf("");
    rmSync(join(folder.path, "onnx/decoder_model_merged.onnx_data"));
    await expect(load(folder)).rejects.toThrow(/decoder_model_merged\.onnx or its external data cannot be opened/);
  });

  test.each([
    [
      "too few layers",
      (config: Config) => (config.text_config["num_hidden_layers"] = 3),
      /decoder_model_merged_q4\.onnx lacks .*past_key_values\.2\.key/,
    ],
    [
      "too many layers",
      (config: Config) => (config.text_config["num_hidden_layers"] = 1),
      /decoder_model_merged_q4\.onnx wants the further inputs past_key_values\.1\.key/,
    ],
    [
      "other heads",
      (config: Config) => (config.text_config["num_key_value_heads"] = 4),
      /decoder_model_merged_q4\.onnx: past_key_values\.0\.key is float32 \[.*2, .*24\] instead of .*4, any, 24\]/,
    ],
    [
      "another width",
      (config: Config) => (config.text_config["hidden_size"] = 96),
      /audio_encoder_q4\.onnx: audio_features is .*64\] instead of .*96\]/,
    ],
    [
      "another vocabulary",
      (config: Config) => (config.text_config["vocab_size"] = 1_300),
      /decoder_model_merged_q4\.onnx: logits is .*1400\] instead of .*1300\]/,
    ],
    [
      "other mel bins",
      (config: Config) => (config.audio_config["num_mel_bins"] = 80),
      /audio_encoder_q4\.onnx: audio_values is .*128, 3000\] instead of .*80, 3000\]/,
    ],
    [
      "states that are not joined whole",
      (config: Config) => (config.audio_config["intermediate_size"] = 100),
      /config\.json: audio_config\.intermediate_size does not join whole states/,
    ],
    ["another family", (config: Config) => (config["model_type"] = "llama"), /config\.json is of another model_type/],
  ])("%s", async (_, change, message) => {
    using folder = folderOf("_q4");
    changeConfig(folder, change);
    await expect(load(folder)).rejects.toThrow(message);
  });

  test("a folder that Hugging Face would read, too: one list of ends, no head_dim where it follows, no key-value heads", async () => {
    using folder = folderOf("_q4");
    replace(folder, "generation_config.json", () => Buffer.from('{"eos_token_id":[2,11]}'));
    await expect(load(folder)).resolves.toBeUndefined();
    changeConfig(folder, ({ text_config }) => delete text_config["num_key_value_heads"]);
    await expect(load(folder)).rejects.toThrow(/past_key_values\.0\.key .* instead of .*4, any, 24\]/);
  });

  test("a settings file that was cut off", async () => {
    using folder = folderOf("_q4");
    replace(folder, "generation_config.json", (before) => before.subarray(0, 20));
    await expect(load(folder)).rejects.toThrow(/generation_config\.json holds no JSON object/);
  });

  test("another element type", async () => {
    using folder = folderOf("_q4");
    // TensorProto.DataType: 7 is int64, 6 is int32.
    replace(folder, "onnx/embed_tokens_q4.onnx", (before) => retype(before, "input_ids", 7, 6));
    await expect(load(folder)).rejects.toThrow(/embed_tokens_q4\.onnx: input_ids is int32 .* instead of int64/);
  });

  test("a part in several forms, or in none", async () => {
    using folder = folderOf("_q4");
    const { manifest } = await openModelFolder(folder.path);
    const further = { path: "onnx/audio_encoder.onnx", bytes: 0, sha256: "" };
    expect(plugin.unsupportedReason({ ...manifest, files: [...manifest.files, further] })).toMatch(
      /several onnx\/audio_encoder\*\.onnx .*audio_encoder_q4\.onnx, onnx\/audio_encoder\.onnx/,
    );
    const files = manifest.files.filter(({ path }) => !path.includes("embed_tokens"));
    expect(plugin.unsupportedReason({ ...manifest, files })).toBe("the manifest lists no onnx/embed_tokens*.onnx");
    expect(plugin.unsupportedReason(manifest)).toBeNull();
  });
});

describe("the API process refuses what it cannot ask or read", () => {
  test("another tokenizer", async () => {
    using folder = folderOf("_q4");
    const { path } = folder;
    const whisper = readFileSync(new URL("../../models/whisper-base/tokenizer.json", import.meta.url));
    replace(folder, "tokenizer.json", () => whisper);
    await expect(open(path)).rejects.toThrow("tokenizer.json");
  });

  test("a tokenizer of another size", async () => {
    using folder = folderOf("_q4");
    changeConfig(folder, (config) => (config.text_config["vocab_size"] = 131_072));
    await expect(open(folder.path)).rejects.toThrow(
      /tokenizer\.json has 1400 tokens but config\.json says vocab_size 131072/,
    );
  });

  test("another place for audio", async () => {
    using folder = folderOf("_q4");
    changeConfig(folder, (config) => (config["audio_token_id"] = 23));
    await expect(open(folder.path)).rejects.toThrow(
      /gives \[AUDIO\] the id 24 but config\.json says audio_token_id 23/,
    );
  });

  test("prompts longer than the model reads", async () => {
    using folder = folderOf("_q4");
    changeConfig(folder, (config) => (config.text_config["max_position_embeddings"] = 4_096));
    // Five chunks are 1,886 places of prompt and as many of text at most.
    await expect(open(folder.path, 5)).resolves.toBeDefined();
    await expect(open(folder.path, 6)).rejects.toThrow(/chunksPerWindow is too large .* need 4511 of 4096 positions/);
  });

  test("a folder with tekken.json alone is opened", async () => {
    using folder = folderOf("_q4");
    rmSync(join(folder.path, "tokenizer.json"));
    const family = await open(folder.path);
    expect([...family.promptFor(3_000, "fr")].slice(-4)).toHaveLength(4);
    expect(family.windows).toMatchObject({ melBins: 128, fewestFrames: 3_000, mostFrames: 3_000, frameStep: 3_000 });
  });
});

describe("a manifest is written for a folder as it was downloaded", () => {
  const folder = tinyVoxtralFolder("voxtral-grouped");
  const description = { name: "voxtral", version: "1.0.0", licence: "Apache-2.0", form: "q4", partForms: new Map() };

  test("it lists the graphs of the form with their external data", async () => {
    using links = folderOf("_q4");
    const manifest = await describeFolder(links.path, description);
    expect(manifest).toMatchObject({ plugin: "voxtral", task: "automatic-speech-recognition", precision: "int4" });
    expect(manifest.files.map(({ path }) => path).filter((path) => path.startsWith("onnx/"))).toEqual(
      expect.arrayContaining([
        "onnx/audio_encoder_q4.onnx",
        "onnx/embed_tokens_q4.onnx",
        "onnx/decoder_model_merged_q4.onnx",
        "onnx/decoder_model_merged_q4.onnx_data",
        "onnx/decoder_model_merged_q4.onnx_data_1",
      ]),
    );
  });

  test("a part may be in another form", async () => {
    const partForms = new Map([["embed_tokens", "fp32"]]);
    const manifest = await describeFolder(folder, { ...description, form: "fp16", partForms });
    expect(manifest.files.map(({ path }) => path)).toEqual(
      expect.arrayContaining(["onnx/audio_encoder_fp16.onnx", "onnx/embed_tokens.onnx"]),
    );
  });

  test("a form that is not there is told with those that are", async () => {
    await expect(describeFolder(folder, { ...description, form: "bnb4" })).rejects.toThrow(
      /audio_encoder_bnb4\.onnx is missing; there are .*audio_encoder_q4\.onnx/,
    );
  });
});

function folderOf(form: VoxtralForm): TemporaryFolder {
  const folder = new TemporaryFolder();
  writeTinyVoxtral(folder.path, { form });
  return folder;
}

async function load({ path }: TemporaryFolder): Promise<void> {
  const manifest = JSON.parse(readFileSync(join(path, "manifest.json"), "utf8")) as Manifest;
  const model = await plugin.load(path, manifest, session);
  await model.dispose();
}

async function open(path: string, chunksPerWindow = 1) {
  const manifest = await describeFolder(path, {
    name: "voxtral",
    version: "1.0.0",
    licence: "Apache-2.0",
    form: "q4",
    partForms: new Map(),
  });
  return openVoxtralFamily({ path, manifest, digest: "" }, { chunksPerWindow });
}

/** Replaces a link by a file of its own; returns what was there before. */
function replace(folder: TemporaryFolder, file: string, change: (before: Buffer) => Buffer): Buffer {
  const path = join(folder.path, file);
  const before = readFileSync(path);
  rmSync(path);
  writeFileSync(path, change(before));
  return before;
}

function changeConfig(folder: TemporaryFolder, change: (config: Config) => unknown): void {
  replace(folder, "config.json", (before) => {
    const config = JSON.parse(before.toString("utf8")) as Config;
    change(config);
    return Buffer.from(JSON.stringify(config));
  });
}

/** Changes the element type of an input in the serialized graph: its number follows the last place of the name. */
function retype(graph: Buffer, name: string, from: number, to: number): Buffer {
  const changed = Buffer.from(graph);
  const place = changed.indexOf(Buffer.from([0x08, from, 0x12]), changed.lastIndexOf(name));
  changed[place + 1] = to;
  return changed;
}
