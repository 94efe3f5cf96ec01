import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Manifest } from "../../src/model-store/manifest.ts";
import type { AudioWindowInput } from "../../src/processes/protocol.ts";
import { audioWindow } from "./audio-window.ts";

/** Models of Voxtral's architecture with random weights, see `tools/voxtral-golden`. */
export type TinyVoxtral = "voxtral-grouped" | "voxtral-tied";

/**
 * The endings of the graphs' names, as public folders have them; `_q4gqa` is a decoder of `_q4` with GroupQueryAttention,
 * as optimised exports have it.
 */
export type VoxtralForm = "" | "_fp16" | "_quantized" | "_q4" | "_q4f16" | "_q4gqa";

export function tinyVoxtralFolder(model: TinyVoxtral): string {
  return fileURLToPath(new URL(`../fixtures/models/${model}`, import.meta.url));
}

const parts = ["audio_encoder", "embed_tokens", "decoder_model_merged"];

/** A manifest of one form of the graphs: those of the public layout, or the fused one instead of two of them. */
export function tinyVoxtralManifest(folder: string, form: VoxtralForm, isFused = false): Manifest {
  const names = isFused ? ["audio_encoder", "decoder_fused"] : parts;
  const graphs = names.map((name) => `${name}${name.startsWith("decoder") || form !== "_q4gqa" ? form : "_q4"}.onnx`);
  const inFolder = readdirSync(join(folder, "onnx")).filter((file) =>
    graphs.some((graph) => file === graph || file.startsWith(`${graph}_data`)),
  );
  const others = ["config.json", "generation_config.json", "preprocessor_config.json", "tokenizer.json", "tekken.json"];
  const paths = [...inFolder.map((file) => `onnx/${file}`), ...others.filter((file) => existsSync(join(folder, file)))];
  return {
    name: "tiny-voxtral",
    version: "1.0.0",
    task: "automatic-speech-recognition",
    plugin: "voxtral",
    precision: "fp32",
    files: paths.map((path) => {
      const content = readFileSync(join(folder, path));
      return { path, bytes: content.length, sha256: createHash("sha256").update(content).digest("hex") };
    }),
    licence: "Apache-2.0",
    provenance: {},
  };
}

/**
 * A folder that the service can serve: links to the files of one form, and their manifest. `name` is the model's.
 */
export function writeTinyVoxtral(
  folder: string,
  { model = "voxtral-grouped", form = "_q4", isFused = false, name = "tiny-voxtral" }: TinyVoxtralFolder = {},
): string {
  const source = tinyVoxtralFolder(model);
  const manifest = { ...tinyVoxtralManifest(source, form, isFused), name };
  for (const { path } of manifest.files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    symlinkSync(join(source, path), join(folder, path));
  }
  writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest));
  return folder;
}

export interface TinyVoxtralFolder {
  readonly model?: TinyVoxtral;
  readonly form?: VoxtralForm;
  readonly isFused?: boolean;
  readonly name?: string;
}

/** Special tokens that all Voxtral models have. */
const [begin, instruction, instructionEnd, audio, beginAudio, transcribe] = [1, 3, 4, 24, 25, 34] as const;

/** The prompt for so many chunks of 30 s without a language, or with these tokens for it. */
export function voxtralPrompt(chunks: number, language: readonly number[] = []): Int32Array {
  const places = Array.from({ length: 375 * chunks }, () => audio);
  return Int32Array.of(begin, instruction, beginAudio, ...places, instructionEnd, ...language, transcribe);
}

/** Chunks of 30 s with a pattern that depends on the number, of which `seconds` are audio. */
export function voxtralWindow(number: number, chunks = 1, changes: Partial<AudioWindowInput> = {}): AudioWindowInput {
  const frames = 3_000 * chunks;
  const features = Float32Array.from({ length: 128 * frames }, (_, at) => Math.sin(at * (number + 1) * 0.37) * 0.8);
  return audioWindow({
    features,
    melBins: 128,
    frames,
    audioMs: 4_000,
    promptTokenIds: voxtralPrompt(chunks),
    ...changes,
  });
}
