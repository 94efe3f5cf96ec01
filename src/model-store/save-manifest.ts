import { join } from "node:path";
import { replaceFile } from "../replace-file.ts";
import type { Manifest } from "./manifest.ts";

/**
 * Writes the manifest of a model folder in one step: a service that opens the folder meanwhile reads the old one or the
 * new one.
 * @returns The path of its file.
 * @throws {OperatorError} that names the file; then it is as it was.
 */
export function saveManifest(folder: string, manifest: Manifest): string {
  const path = join(folder, "manifest.json");
  replaceFile(path, `${JSON.stringify(manifest, null, 2)}\n`);
  return path;
}
