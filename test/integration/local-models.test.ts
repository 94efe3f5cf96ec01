import { expect, onTestFinished, test } from "vitest";
import type { Config } from "../../src/config.ts";
import type { CanaryResult, EventBus } from "../../src/events.ts";
import { LocalModels } from "../../src/local-models.ts";
import { classify } from "../../src/tasks/classify.ts";
import { collectEvents, strictEventBus } from "../helpers/event-bus.ts";
import { cpuMachine } from "../helpers/gpu-devices.ts";
import { configOf, faultPlugin, modelSettings } from "../helpers/local-models.ts";
import { copyRealModel } from "../helpers/model-folder.ts";
import { isAlive, waitUntil } from "../helpers/process-facts.ts";
import { requestContext } from "../helpers/request-context.ts";
import { TemporaryFolder } from "../helpers/temporary-folder.ts";

const name = "camembert-toxicity-fr";

test("a model whose settings did not change goes on as it is", async () => {
  const { models, config } = await servingDirectory();
  const before = models.find(name);
  await models.apply(config);
  expect(models.find(name)).toBe(before);
  expect(before?.state()).toBe("ready");
});

test("a changed model answers until its successor is ready, and no request meets a gap", async () => {
  const { models, events } = await servingDirectory();
  const predecessor = models.find(name);
  const exits = collectEvents(events, "process_exited");
  const applied = models.apply(configOf([modelSettings({ required: false })]));
  let answers = 0;
  while (models.find(name) === predecessor) {
    await classifyBy(models);
    answers++;
  }
  await applied;
  expect(answers).toBeGreaterThan(0);
  expect(models.find(name)?.state()).toBe("ready");
  await classifyBy(models);
  await waitUntil(() => exits.length === 1, "the predecessor's process has left");
  expect(exits.map(({ reason }) => reason)).toEqual(["stopped"]);
  expect(predecessor?.state()).toBe("stopped");
});

test("a successor that cannot start is given up, says why, and leaves the old model serving", async () => {
  const { models } = await servingDirectory({ backoffInitialMs: 10, giveUpAfterFailures: 2 });
  const before = models.find(name);
  const broken = configOf([modelSettings({ plugins: [faultPlugin("fails-to-load")] })]);
  await expect(models.apply(broken)).rejects.toThrow(/cannot start: the fixture refuses to load$/);
  expect(models.find(name)).toBe(before);
  await classifyBy(models);
});

test("a successor whose canary fails is given up, and leaves the old model serving", async () => {
  const { models } = await servingDirectory({}, () => Promise.resolve("mismatch"));
  const before = models.find(name);
  await expect(models.apply(configOf([modelSettings({ required: false })]))).rejects.toThrow(
    /cannot be used: its canary came to "mismatch"$/,
  );
  expect(models.find(name)).toBe(before);
  await classifyBy(models);
});

test("a model that is taken out of the configuration finishes its work and is stopped", async () => {
  using folder = new TemporaryFolder();
  const { models, config } = await servingDirectory();
  const model = models.find(name);
  const accepted = classifyBy(models);
  const renamed = copyRealModel(folder.path, "another-model");
  const next = { ...config, classify: { ...config.classify, model: "another-model" } };
  await models.apply({ ...next, models: [modelSettings({ folder: renamed })] });
  expect(models.list().map(({ identity }) => identity.name)).toEqual(["another-model"]);
  expect(models.find("another-model")?.state()).toBe("ready");
  await accepted;
  await waitUntil(() => model?.state() === "stopped", "the model is stopped");
});

test("a close while a model still leaves ends both, once their work is done", async () => {
  const { models, events } = await servingDirectory();
  const exits = collectEvents(events, "process_exited");
  const accepted = classifyBy(models);
  await models.apply(configOf([modelSettings({ required: false })]));
  await models.close();
  await accepted;
  expect(exits.map(({ reason }) => reason)).toEqual(["stopped", "stopped"]);
});

test("a kill ends every process at once", async () => {
  const { models, events, pids } = await servingDirectory();
  const exits = collectEvents(events, "process_exited");
  models.kill();
  await waitUntil(() => exits.length === pids.length, "all are gone");
  expect(pids.filter(isAlive)).toEqual([]);
});

interface Directory {
  readonly models: LocalModels;
  readonly events: EventBus;
  /** Of every process that was started. */
  readonly pids: readonly number[];
  /** The configuration that it was made by. */
  readonly config: Config;
}

/** A directory that serves the real model. */
async function servingDirectory(
  processes: Partial<Config["processes"]> = {},
  prove: () => Promise<CanaryResult> = () => Promise.resolve("ok"),
): Promise<Directory> {
  const config = configOf([modelSettings()], processes);
  const events = strictEventBus();
  const pids: number[] = [];
  events.on("process_started", ({ pid }) => pids.push(pid));
  const models = new LocalModels(() => config, cpuMachine, events, prove);
  onTestFinished(async () => {
    models.kill();
    await models.close();
  });
  await models.apply(config);
  await waitUntil(() => models.find(name)?.state() === "ready", "the model is ready");
  return { models, events, pids, config };
}

async function classifyBy(models: LocalModels): Promise<void> {
  const model = models.find(name);
  if (model?.task !== "text-classification") {
    throw new Error("the model is not served");
  }
  const release = model.hold();
  await classify(model, { texts: ["Bonjour à tous."], threshold: 0.5 }, requestContext(), strictEventBus());
  release();
}
