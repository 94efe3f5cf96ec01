import { createHash } from "node:crypto";
import { readdir, stat } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { z } from "zod";
import { OperatorError } from "../operator-error.ts";
import { systemErrorCode } from "../system-error-code.ts";
import { sha256OfFile } from "./file-digest.ts";
import { readJsonFile } from "./json-file.ts";
import { type Manifest, manifestSchema } from "./manifest.ts";
import { listedFiles } from "./model-variants.ts";

/** A model folder whose files are the ones that its manifest lists. */
export interface ModelFolder {
  readonly path: string;
  readonly manifest: Manifest;
  /** `sha256:` and the hex digest of `manifest.json`. */
  readonly digest: string;
}

/**
 * Reads the manifest and verifies size and sha256 of every file that it lists, of all precisions. Files with the weights of a listed graph,
 * which ONNX Runtime reads with it, must be listed too.
 * @throws {OperatorError} that names the folder and each file with what was expected and found.
 */
export async function openModelFolder(path: string): Promise<ModelFolder> {
  const { manifest, digest } = await readManifest(path);
  const problems = await Promise.all(listedFiles(manifest).map((file) => findProblem(path, file)));
  const found = [...problems.filter((problem) => problem !== null), ...(await findUnlistedWeights(path, manifest))];
  if (found.length > 0) {
    throw new OperatorError(`model folder ${path} does not match its manifest: ${found.join("; ")}`);
  }
  return { path, manifest, digest };
}

/**
 * Reads and checks `manifest.json` alone.
 * @throws {OperatorError} that names the file and every problem in it.
 */
export async function readManifest(path: string): Promise<{ manifest: Manifest; digest: string }> {
  const file = join(path, "manifest.json");
  const { text, value } = await readJsonFile(file);
  const parsed = manifestSchema.safeParse(value);
  if (!parsed.success) {
    throw new OperatorError(`${file} is no valid manifest: ${z.prettifyError(parsed.error)}`);
  }
  return { manifest: parsed.data, digest: `sha256:${createHash("sha256").update(text).digest("hex")}` };
}

async function findUnlistedWeights(folder: string, manifest: Manifest): Promise<string[]> {
  const listed = listedFiles(manifest).map((file) => file.path);
  const folders = new Set(listed.filter((path) => path.endsWith(".onnx")).map((path) => dirname(path)));
  const inFolders = await Promise.all(
    [...folders].map(async (each) => {
      const names = await readdir(join(folder, each)).catch(() => []);
      return names.map((name) => posix.join(each, name));
    }),
  );
  return inFolders
    .flat()
    .filter((path) => !listed.includes(path) && listed.includes(path.replace(/\.onnx_data(_\d+)?$/, ".onnx")))
    .map((path) => `${path} is not listed`);
}

async function findProblem(folder: string, expected: Manifest["files"][number]): Promise<string | null> {
  const file = join(folder, expected.path);
  try {
    const { size } = await stat(file);
    if (size !== expected.bytes) {
      return `${expected.path} has ${size} bytes instead of ${expected.bytes}`;
    }
    const sha256 = await sha256OfFile(file);
    return sha256 === expected.sha256 ? null : `${expected.path} has sha256 ${sha256} instead of ${expected.sha256}`;
  } catch (error) {
    const code = systemErrorCode(error);
    return code === "ENOENT" ? `${expected.path} is missing` : `${expected.path} cannot be read (${code})`;
  }
}
