import { readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { EventBus } from "../../src/events.ts";
import type { Hardware } from "../../src/hardware/hardware.ts";
import { askCanary, isSameAnswer } from "../../src/health/canary.ts";
import type { ModelConfig } from "../../src/local-model.ts";
import type { LocalTextModel } from "../../src/local-text-model.ts";
import { writeManifest } from "../../src/write-manifest.ts";
import { collectEvents, strictEventBus } from "../helpers/event-bus.ts";
import { cpuMachine, h200Machine } from "../helpers/gpu-devices.ts";
import { faultPlugin, readyModel } from "../helpers/local-models.ts";
import { waitUntil } from "../helpers/process-facts.ts";
import { requestContext } from "../helpers/request-context.ts";
import { openSpeechModel } from "../helpers/speech-models.ts";
import { TemporaryFolder } from "../helpers/temporary-folder.ts";
import { tinyVoxtralFolder } from "../helpers/tiny-voxtral.ts";
import { writeTwoPrecisions } from "../helpers/two-precisions.ts";

/** A run on the CPU may wait for others of this machine. */
const patienceMs = 60_000;
const onGpu = { executionProvider: "cuda", plugins: [faultPlugin("simulates-a-gpu")] } as const;
const windows = [Int32Array.of(5, 700, 31, 6), Int32Array.of(5, 12, 6), new Int32Array(128).fill(77)];

test("the CPU computes the graphs that the manifest has for it, or those of the precision that is set", async () => {
  using folder = new TemporaryFolder();
  await writeTwoPrecisions(folder.path);
  const whole = await twoPrecisions(folder);
  const half = await twoPrecisions(folder, { precision: "fp16" });
  expect([whole.precision, half.precision]).toEqual(["fp32", "fp16"]);
  const [exact, rounded] = [await logitsOf(whole), await logitsOf(half)];
  expect(rounded).not.toEqual(exact);
  expect(farthest(exact, rounded)).toBeLessThan(0.02);
});

test("answers of both precisions to a canary agree as far as one that is recorded asks", async () => {
  using folder = new TemporaryFolder();
  await writeTwoPrecisions(folder.path);
  const { signal } = new AbortController();
  const whole = await askCanary(await twoPrecisions(folder), patienceMs, signal);
  const half = await askCanary(await twoPrecisions(folder, { precision: "fp16" }), patienceMs, signal);
  expect(half).not.toEqual(whole);
  expect(isSameAnswer(half, whole)).toBe(true);
});

test("a process on a GPU is given the graphs for it, and the machine's memory is reckoned with those for the CPU", async () => {
  using folder = new TemporaryFolder();
  await writeTwoPrecisions(folder.path);
  const onCpu = await twoPrecisions(folder, { precision: "fp16" });
  const model = await twoPrecisions(folder, onGpu, h200Machine);
  expect([model.device, model.precision]).toEqual(["cuda", "fp16"]);
  // And one with the whole graphs, for what the GPU has no memory for.
  const { graphBytes } = (await twoPrecisions(folder)).memoryNeed;
  expect(model.memoryNeed).toEqual({ graphBytes, processes: onCpu.memoryNeed.processes + 1 });
  expect(await logitsOf(model)).toEqual(await logitsOf(onCpu));
});

test("a model that falls back to the CPU is computed there with the graphs for it", async () => {
  using folder = new TemporaryFolder();
  await writeTwoPrecisions(folder.path);
  const devices = h200Machine.devices.map((device) => ({ ...device, uuid: `${device.uuid}-broken` }));
  const onCpu = await twoPrecisions(folder);
  const model = await twoPrecisions(folder, onGpu, { ...h200Machine, devices });
  expect([model.device, model.precision]).toEqual(["cpu", "fp32"]);
  expect(model.memoryNeed).toEqual(onCpu.memoryNeed);
  expect(await logitsOf(model)).toEqual(await logitsOf(onCpu));
});

test("a model for which the device has no room is computed on the CPU, and why is told", async () => {
  using folder = new TemporaryFolder();
  await writeTwoPrecisions(folder.path);
  const events = strictEventBus();
  const fallbacks = collectEvents(events, "execution_provider_fell_back");
  const devices = h200Machine.devices.map((device) => ({ ...device, memoryBytes: 1e9 }));
  const model = await twoPrecisions(folder, onGpu, { ...h200Machine, devices }, events);
  expect([model.device, model.precision]).toEqual(["cpu", "fp32"]);
  expect(fallbacks).toMatchObject([{ reason: "no_room", detail: expect.stringContaining("fp16 needs 1.1 GB") }]);
});

test("a Voxtral folder of two precisions, stepwise and fused, runs with either", async () => {
  using folder = new TemporaryFolder();
  const source = tinyVoxtralFolder("voxtral-tied");
  readdirSync(source).forEach((name) => symlinkSync(join(source, name), join(folder.path, name)));
  const identity = ["--name", "tiny-voxtral", "--version", "1.0.0", "--licence", "Apache-2.0"];
  await writeManifest([folder.path, ...identity, "--gpu-form", "q4f16"]);
  const { signal } = new AbortController();
  for (const precision of ["fp32", "int4"] as const) {
    const model = await openSpeechModel({ folder: folder.path, precision });
    onTestFinished(async () => {
      model.kill();
      await model.close();
    });
    await model.start();
    await waitUntil(() => model.state() === "ready", "the model is ready");
    expect(model.precision).toBe(precision);
    expect(await askCanary(model, patienceMs, signal)).toMatchObject({ kind: "tokens" });
  }
});

async function twoPrecisions(
  { path }: TemporaryFolder,
  settings: Partial<ModelConfig> = {},
  hardware: Hardware = cpuMachine,
  events: EventBus = strictEventBus(),
): Promise<LocalTextModel> {
  const model = await readyModel({ folder: path, ...settings }, {}, events, hardware);
  // Its tokenizer takes longer to start than its graphs.
  await model.prepare(["Bonjour."], requestContext());
  return model;
}

async function logitsOf(model: LocalTextModel): Promise<number[]> {
  const { logits } = await model.run(windows, requestContext());
  return logits.flatMap((row) => [...row]);
}

function farthest(one: readonly number[], other: readonly number[]): number {
  return Math.max(...one.map((value, at) => Math.abs(value - (other[at] ?? Number.NaN))));
}
