import { expect, onTestFinished, test } from "vitest";
import type { EventBus } from "../../src/events.ts";
import { DeviceRoom } from "../../src/hardware/device-room.ts";
import type { Hardware } from "../../src/hardware/hardware.ts";
import { LocalSpeechModel } from "../../src/local-speech-model.ts";
import type { Manifest } from "../../src/model-store/manifest.ts";
import { openModelFolder, readManifest } from "../../src/model-store/model-folder.ts";
import { recordCanary } from "../../src/record-canary.ts";
import { collectEvents, strictEventBus } from "../helpers/event-bus.ts";
import { cpuMachine, h200Machine } from "../helpers/gpu-devices.ts";
import { configOf, faultPlugin, modelSettings } from "../helpers/local-models.ts";
import { waitUntil } from "../helpers/process-facts.ts";
import { requestContext } from "../helpers/request-context.ts";
import { TemporaryFolder } from "../helpers/temporary-folder.ts";
import { type VoxtralForm, voxtralWindow, writeTinyVoxtral } from "../helpers/tiny-voxtral.ts";

/** A Voxtral on a device that is simulated on the CPU. */

type Canary = NonNullable<Manifest["canary"]>;

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

test("where a decoder that should answer in one run does not, a window of another request has its turn between the steps", async () => {
  const events = strictEventBus();
  const batches = collectEvents(events, "batch_completed");
  const model = await readyVoxtral(h200Machine, events, { plugin: "speech-gpu-in-steps" });
  expect(model.device).toBe("cuda");
  await transcribeAll(model);
  expect(batches.map((batch) => batch.windows)).toEqual([1, 4]);
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

test("a device that says what was recorded on a CPU is used without a word, whichever precision either has", async () => {
  const events = strictEventBus();
  const told = collectEvents(events, "device_is_unproven");
  const exits = collectEvents(events, "process_exited");
  const model = await readyVoxtral(h200Machine, events, { canary: await canaryIn("") });
  expect([model.device, model.state()]).toEqual(["cuda", "ready"]);
  expect([told, exits]).toEqual([[], []]);
});

test("a device for whose model nothing is recorded is used, and that is told once", async () => {
  const events = strictEventBus();
  const told = collectEvents(events, "device_is_unproven");
  const model = await readyVoxtral(h200Machine, events);
  expect(model.device).toBe("cuda");
  expect(told).toEqual([
    { model: "tiny-voxtral", detail: "no recorded canary: what the device answers is compared with nothing" },
  ]);
  await readyVoxtral(cpuMachine, events);
  expect(told).toHaveLength(1);
});

test("a model whose devices write garbage never serves there: it is computed on the CPU, which is told", async () => {
  const events = strictEventBus();
  const ready = collectEvents(events, "process_ready");
  const exits = collectEvents(events, "process_exited");
  const fallbacks = collectEvents(events, "execution_provider_fell_back");
  const model = await readyVoxtral(garbled([0, 1]), events, { canary: await canaryIn("_q4") });
  expect(model.device).toBe("cpu");
  expect(exits).toMatchObject([
    { reason: "wrong_answers", wasReady: false },
    { reason: "wrong_answers", wasReady: false },
  ]);
  expect(ready.map(({ pid }) => pid)).toEqual(model.pids);
  expect(fallbacks).toMatchObject([
    { reason: "wrong_answers", detail: expect.stringMatching(/^its answer to the canary is \d+\.\d\d off/) },
  ]);
  const onCpu = await readyVoxtral(cpuMachine, strictEventBus());
  expect(await transcribeAll(model)).toEqual(await transcribeAll(onCpu));
});

test("one device of two that writes garbage is set aside, and the model is computed on the other", async () => {
  const events = strictEventBus();
  const setAside = collectEvents(events, "device_set_aside");
  const settings = { instances: 2, canary: await canaryIn("_q4") };
  const model = await readyVoxtral(garbled([1]), events, settings);
  await waitUntil(() => setAside.length === 1, "the device is set aside");
  expect(setAside).toMatchObject([{ device: "GPU-bbbbbbbb-1111-garbled", detail: expect.stringContaining("canary") }]);
  expect([model.device, model.processes.active]).toEqual(["cuda", 1]);
});

test("where a GPU is required a model whose devices write garbage never gets ready", async () => {
  const events = strictEventBus();
  const settings = { requireGpu: true, canary: await canaryIn("_q4") };
  const model = await startVoxtral(garbled([0, 1]), events, settings);
  await waitUntil(() => model.state() === "circuit_open", "the model is given up");
  expect(model.stateDetail()).toMatch(/^hardware\.requireGpu is set, but .* its answer to the canary is/);
  expect(model.refusal({ address: "1.2.3.4", clientId: "" })).toMatchObject({ code: "circuit_open" });
});

test("a canary that was recorded with another clip is refused", async () => {
  const canary = { ...(await canaryIn("_q4")), clip: "0".repeat(64) };
  await expect(startVoxtral(cpuMachine, strictEventBus(), { canary })).rejects.toThrow(/another clip .* record-canary/);
});

const recorded = new Map<VoxtralForm, Promise<Canary>>();

/** What `record-canary` writes for this form of the model, once. */
function canaryIn(form: VoxtralForm): Promise<Canary> {
  const canary = recorded.get(form) ?? record(form);
  recorded.set(form, canary);
  return canary;
}

async function record(form: VoxtralForm): Promise<Canary> {
  using folder = new TemporaryFolder();
  await recordCanary([writeTinyVoxtral(folder.path, { form })]);
  const { manifest } = await readManifest(folder.path);
  return manifest.canary ?? expect.fail("nothing was recorded");
}

/** The machine, of whose devices these write garbage. */
function garbled(indices: readonly number[]): Hardware {
  const devices = h200Machine.devices.map((device, index) =>
    indices.includes(index) ? { ...device, uuid: `${device.uuid}-garbled` } : device,
  );
  return { ...h200Machine, devices };
}

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

interface Changes {
  readonly canary?: Canary;
  readonly instances?: number;
  readonly requireGpu?: boolean;
  readonly plugin?: string;
}

async function readyVoxtral(hardware: Hardware, events: EventBus, changes?: Changes): Promise<LocalSpeechModel> {
  const model = await startVoxtral(hardware, events, changes);
  await waitUntil(() => model.state() === "ready", "the model is ready");
  return model;
}

async function startVoxtral(
  hardware: Hardware,
  events: EventBus,
  { canary, instances = 1, requireGpu = false, plugin = "simulates-a-speech-gpu" }: Changes = {},
): Promise<LocalSpeechModel> {
  const folder = new TemporaryFolder();
  onTestFinished(() => folder[Symbol.dispose]());
  const settings = modelSettings({
    folder: writeTinyVoxtral(folder.path, { isFused: true }),
    executionProvider: hardware === cpuMachine ? "cpu" : "cuda",
    plugins: hardware === cpuMachine ? [] : [faultPlugin(plugin)],
    maxBatchSize: 4,
    instances,
  });
  const defaults = configOf([settings], { backoffInitialMs: 10 });
  const config = { ...defaults, hardware: { ...defaults.hardware, requireGpu } };
  const { manifest, ...opened } = await openModelFolder(settings.folder);
  const model = await LocalSpeechModel.open({
    folder: { ...opened, manifest: canary === undefined ? manifest : { ...manifest, canary } },
    settings,
    config: () => config,
    hardware,
    room: new DeviceRoom(hardware.devices),
    events,
  });
  onTestFinished(async () => {
    model.kill();
    await model.close();
  });
  await model.start();
  return model;
}
