import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openModelFolder, readManifest } from "../../../src/model-store/model-folder.ts";
import { OperatorError } from "../../../src/operator-error.ts";
import { validManifest, writeModelFolder } from "../../helpers/model-folder.ts";
import { TemporaryFolder } from "../../helpers/temporary-folder.ts";

test("a folder whose files match its manifest opens, with the digest of the manifest file itself", async () => {
  using folder = new TemporaryFolder();
  writeModelFolder(folder.path);
  const sha256 = createHash("sha256")
    .update(readFileSync(join(folder.path, "manifest.json")))
    .digest("hex");
  expect(await openModelFolder(folder.path)).toEqual({
    path: folder.path,
    manifest: validManifest(),
    digest: `sha256:${sha256}`,
  });
});

test("a file with other content of the same size is refused with both digests", async () => {
  using folder = new TemporaryFolder();
  writeModelFolder(folder.path);
  folder.write("onnx/model.onnx", "no graph at ALL");
  const { files } = validManifest();
  await expect(openModelFolder(folder.path)).rejects.toThrow(
    new RegExp(`onnx/model\\.onnx has sha256 [0-9a-f]{64} instead of ${files[1]?.sha256}$`),
  );
});

test("the graphs of every precision are verified, with their weights", async () => {
  using folder = new TemporaryFolder();
  const manifest = validManifest();
  const half = { path: "onnx/model_fp16.onnx", bytes: 4, sha256: createHash("sha256").update("half").digest("hex") };
  writeModelFolder(folder.path, { ...manifest, variants: { fp16: [half] } });
  folder.write(half.path, "half");
  await expect(openModelFolder(folder.path)).resolves.toMatchObject({ manifest: { variants: { fp16: [half] } } });
  folder.write(half.path, "hall");
  await expect(openModelFolder(folder.path)).rejects.toThrow(/: onnx\/model_fp16\.onnx has sha256 /);
  folder.write(half.path, "half");
  folder.write("onnx/model_fp16.onnx_data", "weights that nobody verified");
  await expect(openModelFolder(folder.path)).rejects.toThrow(": onnx/model_fp16.onnx_data is not listed");
});

test("every file that does not match is named, with what was expected and found", async () => {
  using folder = new TemporaryFolder();
  writeModelFolder(folder.path);
  rmSync(join(folder.path, "config.json"));
  folder.write("onnx/model.onnx", "cut");
  await expect(openModelFolder(folder.path)).rejects.toThrow(
    `model folder ${folder.path} does not match its manifest: ` +
      "config.json is missing; onnx/model.onnx has 3 bytes instead of 15",
  );
});

test("a file that is there and cannot be read is told apart from one that is missing", async () => {
  using folder = new TemporaryFolder();
  const manifest = validManifest();
  mkdirSync(join(folder.path, "odd"));
  // A folder has a size like a file, and cannot be read like one.
  const odd = { path: "odd", bytes: statSync(join(folder.path, "odd")).size, sha256: "0".repeat(64) };
  writeModelFolder(folder.path, { ...manifest, files: [...manifest.files, odd] });
  const error = await openModelFolder(folder.path).catch((failure: unknown) => failure);
  expect(error).toBeInstanceOf(OperatorError);
  expect(error).toMatchObject({ message: expect.stringMatching(/: odd cannot be read \(EISDIR\)$/) });
});

test("a manifest with a path out of the folder is refused before any file is read", async () => {
  using folder = new TemporaryFolder();
  const manifest = validManifest();
  const files = [{ ...manifest.files[0], path: "../secret.json" }];
  writeModelFolder(folder.path, { ...manifest, files });
  await expect(openModelFolder(folder.path)).rejects.toThrow(/manifest\.json is no valid manifest.*files\[0\]\.path/s);
});

test("a manifest that is missing, no JSON, or incomplete is named with what is wrong", async () => {
  using folder = new TemporaryFolder();
  const file = join(folder.path, "manifest.json");
  await expect(readManifest(folder.path)).rejects.toThrow(`${file} cannot be read (ENOENT)`);
  folder.write("manifest.json", "{ name: ");
  await expect(readManifest(folder.path)).rejects.toThrow(`${file} is no JSON`);
  folder.write("manifest.json", "{}");
  await expect(readManifest(folder.path)).rejects.toThrow(new RegExp("name.*version.*task.*plugin.*files", "s"));
});
