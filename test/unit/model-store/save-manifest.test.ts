import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { manifestSchema } from "../../../src/model-store/manifest.ts";
import { openModelFolder } from "../../../src/model-store/model-folder.ts";
import { saveManifest } from "../../../src/model-store/save-manifest.ts";
import { OperatorError } from "../../../src/operator-error.ts";
import { realModelFolder } from "../../helpers/model-folder.ts";
import { TemporaryFolder } from "../../helpers/temporary-folder.ts";

test("everyone can read a new manifest, and one that was there keeps its permissions", async () => {
  using folder = new TemporaryFolder();
  const { manifest } = await openModelFolder(realModelFolder);
  const path = saveManifest(folder.path, manifest);
  expect(path).toBe(join(folder.path, "manifest.json"));
  expect(manifestSchema.parse(JSON.parse(readFileSync(path, "utf8")))).toEqual(manifest);
  expect(modeOf(path)).toBe("644");
  chmodSync(path, 0o640);
  saveManifest(folder.path, manifest);
  expect(modeOf(path)).toBe("640");
  expect(readdirSync(folder.path)).toEqual(["manifest.json"]);
});

test("what cannot be written is told, and nothing is left behind", async () => {
  using folder = new TemporaryFolder();
  const { manifest } = await openModelFolder(realModelFolder);
  mkdirSync(join(folder.path, "manifest.json"));
  expect(() => saveManifest(folder.path, manifest)).toThrow(OperatorError);
  expect(readdirSync(folder.path)).toEqual(["manifest.json"]);
});

function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}
