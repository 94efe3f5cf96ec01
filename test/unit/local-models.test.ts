import { expect, test } from "vitest";
import type { Config } from "../../src/config.ts";
import type { ModelConfig } from "../../src/local-model.ts";
import { LocalModels } from "../../src/local-models.ts";
import { strictEventBus } from "../helpers/event-bus.ts";
import { configOf, modelSettings } from "../helpers/local-models.ts";
import { validManifest, writeModelFolder } from "../helpers/model-folder.ts";
import { TemporaryFolder } from "../helpers/temporary-folder.ts";

test("before its first use the directory is empty", async () => {
  const models = new LocalModels(() => configOf([]), strictEventBus());
  expect([models.list(), models.find("small")]).toEqual([[], null]);
  await models.close();
});

test("two folders that hold models of one name are refused, and nothing is served", async () => {
  using one = new TemporaryFolder();
  using two = new TemporaryFolder();
  const folders = [writeModelFolder(one.path), writeModelFolder(two.path)];
  const models = directoryOf(folders.map((folder) => modelSettings({ folder })));
  await expect(models.apply()).rejects.toThrow("two model folders hold a model named small");
  expect(models.list()).toEqual([]);
});

test("one folder that cannot be opened refuses the whole configuration", async () => {
  using good = new TemporaryFolder();
  using bad = new TemporaryFolder();
  writeModelFolder(good.path);
  writeModelFolder(bad.path, { ...validManifest(), name: "other" });
  bad.write("config.json", "{}");
  const models = directoryOf([modelSettings({ folder: good.path }), modelSettings({ folder: bad.path })]);
  await expect(models.apply()).rejects.toThrow(/config\.json has 2 bytes/);
  expect(models.list()).toEqual([]);
});

test("after a configuration that failed, the next one is applied all the same", async () => {
  let config: Config = configOf([modelSettings({ folder: "/nowhere" })]);
  const models = new LocalModels(() => config, strictEventBus());
  await expect(models.apply()).rejects.toThrow("/nowhere/manifest.json cannot be read");
  config = configOf([]);
  await expect(models.apply()).resolves.toBeUndefined();
});

function directoryOf(settings: readonly ModelConfig[]): LocalModels {
  const config = configOf(settings);
  return new LocalModels(() => config, strictEventBus());
}
