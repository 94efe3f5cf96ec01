import { rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ModelFiles } from "../../../src/health/model-files.ts";
import { validManifest, writeModelFolder } from "../../helpers/model-folder.ts";
import { TemporaryFolder } from "../../helpers/temporary-folder.ts";

const files = { "config.json": "{}", "onnx/model.onnx": "a graph" };

test("files that nobody touched are well", async () => {
  using folder = new TemporaryFolder();
  const watch = watchOf(folder);
  expect([await watch.check(), await watch.check()]).toEqual(["", ""]);
});

test("other content of the same size is found, and is well again when it is as it was", async () => {
  using folder = new TemporaryFolder();
  const watch = watchOf(folder);
  await watch.check();
  writeFileSync(join(folder.path, "onnx/model.onnx"), "a gra9h");
  expect(await watch.check()).toBe("onnx/model.onnx is not what its manifest says any more");
  expect(await watch.check()).toBe("onnx/model.onnx is not what its manifest says any more");
  writeFileSync(join(folder.path, "onnx/model.onnx"), "a graph");
  expect(await watch.check()).toBe("");
});

test("a file that was only touched is well", async () => {
  using folder = new TemporaryFolder();
  const watch = watchOf(folder);
  await watch.check();
  utimesSync(join(folder.path, "config.json"), 1, 1);
  expect(await watch.check()).toBe("");
});

test("every file that is missing or wrong is named, by its name in the manifest", async () => {
  using folder = new TemporaryFolder();
  const watch = watchOf(folder);
  await watch.check();
  rmSync(join(folder.path, "config.json"));
  writeFileSync(join(folder.path, "onnx/model.onnx"), "no graph");
  expect(await watch.check()).toBe(
    "config.json cannot be read (ENOENT); onnx/model.onnx is not what its manifest says any more",
  );
});

test("a file that comes back with other content is not well", async () => {
  using folder = new TemporaryFolder();
  const watch = watchOf(folder);
  rmSync(join(folder.path, "config.json"));
  expect(await watch.check()).toBe("config.json cannot be read (ENOENT)");
  writeFileSync(join(folder.path, "config.json"), "[]");
  expect(await watch.check()).toBe("config.json is not what its manifest says any more");
});

function watchOf({ path }: TemporaryFolder): ModelFiles {
  const manifest = validManifest(files);
  writeModelFolder(path, manifest, files);
  return new ModelFiles({ path, manifest });
}
