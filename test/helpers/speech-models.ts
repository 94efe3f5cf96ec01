import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import type { EventBus } from "../../src/events.ts";
import { DeviceRoom } from "../../src/hardware/device-room.ts";
import type { ModelConfig } from "../../src/local-model.ts";
import { LocalSpeechModel } from "../../src/local-speech-model.ts";
import type { Manifest } from "../../src/model-store/manifest.ts";
import { openModelFolder } from "../../src/model-store/model-folder.ts";
import { strictEventBus } from "./event-bus.ts";
import { cpuMachine } from "./gpu-devices.ts";
import { configOf, faultPlugin, modelSettings } from "./local-models.ts";
import { waitUntil } from "./process-facts.ts";
import { TemporaryFolder } from "./temporary-folder.ts";

/** The speech model of the repository. */
export const realSpeechFolder = fileURLToPath(new URL("../../models/whisper-base", import.meta.url));

/**
 * A folder with everything that is read of the real model, but its graphs: it runs on the plugin `hears-steps` only.
 * The files are symbolic links, but for those that `changes` writes anew; null leaves one out of folder and manifest.
 */
export function writeSpeechFolder(folder: string, changes: Readonly<Record<string, string | null>> = {}): string {
  const manifest = JSON.parse(readFileSync(join(realSpeechFolder, "manifest.json"), "utf8")) as Manifest;
  const files = manifest.files.filter(({ path }) => !path.endsWith(".onnx") && changes[path] !== null);
  for (const { path } of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    const content = changes[path];
    if (typeof content === "string") {
      writeFileSync(join(folder, path), content);
    } else {
      symlinkSync(join(realSpeechFolder, path), join(folder, path));
    }
  }
  writeFileSync(join(folder, "manifest.json"), JSON.stringify({ ...manifest, plugin: "hears-steps", files }));
  return folder;
}

/** A model that was opened and not started. */
export async function openSpeechModel(
  changes: Partial<ModelConfig> = {},
  events: EventBus = strictEventBus(),
): Promise<LocalSpeechModel> {
  const settings = modelSettings(changes);
  const config = configOf([settings]);
  return LocalSpeechModel.open({
    folder: await openModelFolder(settings.folder),
    settings,
    config: () => config,
    hardware: cpuMachine,
    room: new DeviceRoom(cpuMachine.devices),
    events,
  });
}

/** A model on the plugin `hears-steps` that takes windows; its processes are killed when the test ends. */
export async function readyStepsModel(
  changes: Partial<ModelConfig> = {},
  events: EventBus = strictEventBus(),
): Promise<LocalSpeechModel> {
  using folder = new TemporaryFolder();
  const model = await openSpeechModel(
    { folder: writeSpeechFolder(folder.path), plugins: [faultPlugin("hears-steps")], ...changes },
    events,
  );
  onTestFinished(async () => {
    model.kill();
    await model.close();
  });
  await model.start();
  await waitUntil(() => model.state() === "ready", "the model is ready");
  return model;
}
