import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Manifest } from "../../src/model-store/manifest.ts";

/** The model of the repository: the real one. */
export const realModelFolder = fileURLToPath(new URL("../../models/camembert-toxicity-fr", import.meta.url));

/** What a model folder that opens holds, without its manifest. It cannot run: it has neither graph nor vocabulary. */
export const smallFiles: Readonly<Record<string, string>> = {
  "config.json": JSON.stringify({ id2label: { 0: "non_toxic", 1: "toxic" } }),
  "onnx/model.onnx": "no graph at all",
  "tokenizer.json": "{}",
  "tokenizer_config.json": "{}",
};

/** The manifest of `files`, by default of `smallFiles`. */
export function validManifest(files: Readonly<Record<string, string>> = smallFiles): Manifest {
  return {
    name: "small",
    version: "1.2.3",
    task: "text-classification",
    plugin: "camembert",
    precision: "fp32",
    files: Object.entries(files).map(([path, content]) => ({
      path,
      bytes: Buffer.byteLength(content),
      sha256: createHash("sha256").update(content).digest("hex"),
    })),
    licence: "Apache-2.0",
    provenance: {},
  };
}

/** The real model under another name, its files by symbolic link; returns the folder. */
export function copyRealModel(folder: string, name: string): string {
  const manifest = JSON.parse(readFileSync(join(realModelFolder, "manifest.json"), "utf8")) as Manifest;
  for (const { path } of manifest.files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    symlinkSync(join(realModelFolder, path), join(folder, path));
  }
  writeFileSync(join(folder, "manifest.json"), JSON.stringify({ ...manifest, name }));
  return folder;
}

/** Writes files and manifest; returns the folder. */
export function writeModelFolder(
  folder: string,
  manifest: unknown = validManifest(),
  files: Readonly<Record<string, string>> = smallFiles,
): string {
  for (const [path, content] of Object.entries({ ...files, "manifest.json": JSON.stringify(manifest) })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}
