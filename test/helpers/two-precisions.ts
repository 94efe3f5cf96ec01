import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeManifest } from "../../src/write-manifest.ts";
import { realModelFolder } from "./model-folder.ts";

const graphs = fileURLToPath(new URL("../fixtures/models/two-precisions/onnx", import.meta.url));

/** A small classifier in fp32 for the CPU and fp16 for devices, as `write-manifest` describes it; returns the folder. */
export async function writeTwoPrecisions(folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  symlinkSync(graphs, join(folder, "onnx"));
  for (const file of ["config.json", "tokenizer.json", "tokenizer_config.json"]) {
    symlinkSync(join(realModelFolder, file), join(folder, file));
  }
  const identity = ["--name", "two-precisions", "--version", "1.0.0", "--licence", "Apache-2.0"];
  await writeManifest([folder, ...identity, "--gpu-form", "fp16"]);
  return folder;
}
