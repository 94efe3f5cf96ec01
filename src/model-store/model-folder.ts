import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { type Manifest, manifestSchema } from "./manifest.ts";

/** A model folder whose files are the ones that its manifest lists. */
export interface ModelFolder {
  readonly path: string;
  readonly manifest: Manifest;
  /** `sha256:` and the hex digest of `manifest.json`. */
  readonly digest: string;
}

/**
 * Reads the manifest and verifies size and sha256 of every file that it lists.
 * @throws Error that names the folder and each file with what was expected and found.
 */
export async function openModelFolder(path: string): Promise<ModelFolder> {
  const { manifest, digest } = await readManifest(path);
  const problems = await Promise.all(manifest.files.map((file) => findProblem(path, file)));
  const found = problems.filter((problem) => problem !== null);
  if (found.length > 0) {
    throw new Error(`model folder ${path} does not match its manifest: ${found.join("; ")}`);
  }
  return { path, manifest, digest };
}

/**
 * Reads and checks `manifest.json` alone.
 * @throws Error that names the file and every problem in it.
 */
export async function readManifest(path: string): Promise<{ manifest: Manifest; digest: string }> {
  const file = join(path, "manifest.json");
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new Error(`${file} cannot be read`, { cause });
  });
  const parsed = manifestSchema.safeParse(parseJson(text, file));
  if (!parsed.success) {
    throw new Error(`${file} is no valid manifest: ${z.prettifyError(parsed.error)}`);
  }
  return { manifest: parsed.data, digest: `sha256:${createHash("sha256").update(text).digest("hex")}` };
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`${file} is no JSON`, { cause });
  }
}

async function findProblem(folder: string, expected: Manifest["files"][number]): Promise<string | null> {
  const file = join(folder, expected.path);
  const facts = await stat(file).catch(() => null);
  if (facts === null) {
    return `${expected.path} is missing`;
  }
  if (facts.size !== expected.bytes) {
    return `${expected.path} has ${facts.size} bytes instead of ${expected.bytes}`;
  }
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  const sha256 = hash.digest("hex");
  return sha256 === expected.sha256 ? null : `${expected.path} has sha256 ${sha256} instead of ${expected.sha256}`;
}
