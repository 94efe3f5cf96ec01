import { expect, onTestFinished, test } from "vitest";
import type { EventBus } from "../../src/events.ts";
import { DeviceRoom } from "../../src/hardware/device-room.ts";
import type { Hardware } from "../../src/hardware/hardware.ts";
import { LocalSpeechModel } from "../../src/local-speech-model.ts";
import { openModelFolder } from "../../src/model-store/model-folder.ts";
import { collectEvents, strictEventBus } from "../helpers/event-bus.ts";
import { cpuMachine, h200Machine } from "../helpers/gpu-devices.ts";
import { configOf, faultPlugin, modelSettings } from "../helpers/local-models.ts";
import { waitUntil } from "../helpers/process-facts.ts";
import { requestContext } from "../helpers/request-context.ts";
import { TemporaryFolder } from "../helpers/temporary-folder.ts";
import { voxtralWindow, writeTinyVoxtral } from "../helpers/tiny-voxtral.ts";

/** A Voxtral on a device that is simulated on the CPU. */

const windows = Array.from({ length: 5 }, (_, number) => voxtralWindow(number));

test("windows of different requests share a device's runs, and have the words that they have on a CPU", async () => {
  const events = strictEventBus();
  const batches = collectEvents(events, "batch_completed");
  const model = await readyVoxtral(h200Machine, events);
  expect(model.device).toBe("cuda");
  const onDevice = await transcribeAll(model);
  // The first come while the device is idle; whoever comes during their run waits for its end instead of taking turns.
  expect(batches.map((batch) => batch.windows)).toEqual([4, 1]);
  const onCpu = await transcribeAll(await readyVoxtral(cpuMachine, strictEventBus()));
  expect(onDevice).toEqual(onCpu);
});

test("a batch of speech is no larger than the device has room for, one window at least", async () => {
  const events = strictEventBus();
  const batches = collectEvents(events, "batch_completed");
  // Room for CUDA's context and the graphs, and next to nothing more.
  const devices = h200Machine.devices.map((device) => ({ ...device, memoryBytes: 1.197e9 }));
  const model = await readyVoxtral({ ...h200Machine, devices }, events);
  expect(model.device).toBe("cuda");
  await transcribeAll(model);
  expect(batches.map((batch) => batch.windows)).toEqual([1, 1, 1, 1, 1]);
});

/** The tokens of all windows, each of another request. */
function transcribeAll(model: LocalSpeechModel): Promise<number[][]> {
  return Promise.all(
    windows.map(async (window, number) => {
      const { features, frames, audioMs, temperature, seed } = window;
      const input = { features, frames, audioMs, language: number % 2 === 0 ? "fr" : null, temperature, seed };
      const { tokenIds } = await model.transcribe(input, requestContext({ requestId: `${number}` }));
      return [...tokenIds];
    }),
  );
}

async function readyVoxtral(hardware: Hardware, events: EventBus): Promise<LocalSpeechModel> {
  const folder = new TemporaryFolder();
  const settings = modelSettings({
    folder: writeTinyVoxtral(folder.path, { isFused: true }),
    executionProvider: hardware === cpuMachine ? "cpu" : "cuda",
    plugins: hardware === cpuMachine ? [] : [faultPlugin("simulates-a-speech-gpu")],
    maxBatchSize: 4,
  });
  const config = configOf([settings]);
  const room = new DeviceRoom(hardware.devices);
  const options = { folder: await openModelFolder(settings.folder), settings, config: () => config };
  const model = await LocalSpeechModel.open({ ...options, hardware, room, events });
  onTestFinished(async () => {
    model.kill();
    await model.close();
    folder[Symbol.dispose]();
  });
  await model.start();
  await waitUntil(() => model.state() === "ready", "the model is ready");
  return model;
}
