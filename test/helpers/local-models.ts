import { onTestFinished } from "vitest";
import { loadConfig } from "../../src/config/load-config.ts";
import type { Config } from "../../src/config.ts";
import type { EventBus } from "../../src/events.ts";
import { DeviceRoom } from "../../src/hardware/device-room.ts";
import type { Hardware } from "../../src/hardware/hardware.ts";
import type { ModelConfig } from "../../src/local-model.ts";
import { LocalTextModel } from "../../src/local-text-model.ts";
import { openModelFolder } from "../../src/model-store/model-folder.ts";
import { strictEventBus } from "./event-bus.ts";
import { cpuMachine } from "./gpu-devices.ts";
import { realModelFolder } from "./model-folder.ts";
import { waitUntil } from "./process-facts.ts";

/** The real model with one instance and no spare, where the test says nothing else. */
export function modelSettings(changes: Partial<ModelConfig> = {}): ModelConfig {
  return {
    folder: realModelFolder,
    instances: 1,
    spares: 0,
    executionProvider: "auto",
    precision: "auto",
    intraOpNumThreads: 1,
    maxBatchSize: 1,
    chunksPerWindow: 1,
    required: true,
    plugins: [],
    ...changes,
  };
}

/** The default configuration with other models and process settings; its processes do not yield to a busy machine. */
export function configOf(models: readonly ModelConfig[], processes: Partial<Config["processes"]> = {}): Config {
  const { config } = loadConfig({});
  return { ...config, processes: { ...config.processes, niceness: 0, ...processes }, models };
}

/** Path of a module in `test/fixtures/plugins`, for a model's `plugins`. */
export function faultPlugin(name: string): string {
  return new URL(`../fixtures/plugins/${name}.ts`, import.meta.url).pathname;
}

interface ModelSurroundings {
  readonly requireGpu?: boolean;
  /** What other models leave of the devices. */
  readonly room?: DeviceRoom;
}

/** A model that was opened and not started. */
export async function openTextModel(
  changes: Partial<ModelConfig> = {},
  processes: Partial<Config["processes"]> = {},
  events: EventBus = strictEventBus(),
  hardware: Hardware = cpuMachine,
  { requireGpu = false, room = new DeviceRoom(hardware.devices) }: ModelSurroundings = {},
): Promise<LocalTextModel> {
  const settings = modelSettings(changes);
  const defaults = configOf([settings], processes);
  const config = { ...defaults, hardware: { ...defaults.hardware, requireGpu } };
  return LocalTextModel.open({
    folder: await openModelFolder(settings.folder),
    settings,
    config: () => config,
    hardware,
    room,
    events,
  });
}

/** A started model; its processes are killed when the test ends, at the latest. */
export async function startModel(
  settings: Partial<ModelConfig> = {},
  processes: Partial<Config["processes"]> = {},
  events: EventBus = strictEventBus(),
  hardware: Hardware = cpuMachine,
  surroundings: ModelSurroundings = {},
): Promise<LocalTextModel> {
  const model = await openTextModel(settings, processes, events, hardware, surroundings);
  onTestFinished(async () => {
    model.kill();
    await model.close();
  });
  // It rejects when the test ends before the text worker is ready; whoever waits for a model sees that it never is.
  model.start().catch(() => {});
  return model;
}

/** A started model that takes requests. */
export async function readyModel(
  settings: Partial<ModelConfig> = {},
  processes: Partial<Config["processes"]> = {},
  events: EventBus = strictEventBus(),
  hardware: Hardware = cpuMachine,
  surroundings: ModelSurroundings = {},
): Promise<LocalTextModel> {
  const model = await startModel(settings, processes, events, hardware, surroundings);
  await waitUntil(() => model.state() === "ready", "the model is ready");
  return model;
}
