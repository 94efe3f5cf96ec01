import { expect, test } from "vitest";
import type { Config } from "../../src/config.ts";
import { LocalModels } from "../../src/local-models.ts";
import { strictEventBus } from "../helpers/event-bus.ts";
import { cpuMachine } from "../helpers/gpu-devices.ts";
import { configOf, modelSettings } from "../helpers/local-models.ts";
import { validManifest, writeModelFolder } from "../helpers/model-folder.ts";
import { writeSpeechFolder } from "../helpers/speech-models.ts";
import { TemporaryFolder } from "../helpers/temporary-folder.ts";

test("before its first use the directory is empty", async () => {
  const models = new LocalModels(
    () => configOf([]),
    cpuMachine,
    strictEventBus(),
    () => Promise.resolve("ok"),
  );
  expect([models.list(), models.find("small")]).toEqual([[], null]);
  await models.close();
});

test("two folders that hold models of one name are refused, and nothing is served", async () => {
  using one = new TemporaryFolder();
  using two = new TemporaryFolder();
  const folders = [writeModelFolder(one.path), writeModelFolder(two.path)];
  const config = configOf(folders.map((folder) => modelSettings({ folder })));
  const models = directoryOf(config);
  await expect(models.apply(config)).rejects.toThrow("two model folders hold a model named small");
  expect(models.list()).toEqual([]);
});

test("one folder that cannot be opened refuses the whole configuration", async () => {
  using good = new TemporaryFolder();
  using bad = new TemporaryFolder();
  writeModelFolder(good.path);
  writeModelFolder(bad.path, { ...validManifest(), name: "other" });
  bad.write("config.json", "{}");
  const config = configOf([modelSettings({ folder: good.path }), modelSettings({ folder: bad.path })]);
  const models = directoryOf(config);
  await expect(models.apply(config)).rejects.toThrow(/config\.json has 2 bytes/);
  expect(models.list()).toEqual([]);
});

test("nothing is started of models that are being opened when it is closed", async () => {
  using folder = new TemporaryFolder();
  writeModelFolder(folder.path);
  const config = configOf([modelSettings({ folder: folder.path })]);
  const events = strictEventBus();
  const states: string[] = [];
  events.on("model_state_changed", ({ state }) => states.push(state));
  events.on("process_started", () => states.push("process started"));
  const models = new LocalModels(
    () => config,
    cpuMachine,
    events,
    () => Promise.resolve("ok"),
  );
  const change = models.apply(config);
  await new Promise((resolve) => setImmediate(resolve));
  const closed = models.close();
  await expect(change).rejects.toThrow("the service is shutting down");
  await closed;
  expect(states).toEqual(["stopped"]);
});

test("a configuration whose classify.model is not served is refused, whatever was refused before it", async () => {
  using folder = new TemporaryFolder();
  writeModelFolder(folder.path);
  const models = directoryOf(configOf([]));
  await expect(models.apply(configOf([modelSettings({ folder: "/nowhere" })]))).rejects.toThrow(
    "/nowhere/manifest.json cannot be read",
  );
  await expect(models.apply(configOf([modelSettings({ folder: folder.path })]))).rejects.toThrow(
    "classify.model names no served text-classification model; served: small",
  );
  expect(models.list()).toEqual([]);
});

test("with a speech model, transcribe.model must name one that is served", async () => {
  using text = new TemporaryFolder();
  using speech = new TemporaryFolder();
  writeModelFolder(text.path);
  writeSpeechFolder(speech.path);
  const served = configOf([modelSettings({ folder: text.path }), modelSettings({ folder: speech.path })]);
  const config = { ...served, classify: { ...served.classify, model: "small" }, transcribe: { model: "small" } };
  await expect(directoryOf(config).apply(config)).rejects.toThrow(
    "transcribe.model names no served automatic-speech-recognition model; served: small, whisper-base",
  );
});

function directoryOf(config: Config): LocalModels {
  return new LocalModels(
    () => config,
    cpuMachine,
    strictEventBus(),
    () => Promise.resolve("ok"),
  );
}
