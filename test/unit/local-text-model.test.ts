import { expect, test } from "vitest";
import { restingBytes } from "../../src/hardware/device-limits.ts";
import { DeviceRoom } from "../../src/hardware/device-room.ts";
import type { LocalTextModel } from "../../src/local-text-model.ts";
import { strictEventBus } from "../helpers/event-bus.ts";
import { h200Machine } from "../helpers/gpu-devices.ts";
import { openTextModel } from "../helpers/local-models.ts";
import { smallFiles, validManifest, writeModelFolder } from "../helpers/model-folder.ts";
import { TemporaryFolder } from "../helpers/temporary-folder.ts";

test("a folder whose labels do not include the toxic one is refused with the labels it has", async () => {
  const files = { ...smallFiles, "config.json": JSON.stringify({ id2label: { 0: "positive", 1: "negative" } }) };
  await expect(open(files)).rejects.toThrow(/has no label "toxic" but positive, negative$/);
});

test("a file that is used but not listed in the manifest is refused: nobody would have verified it", async () => {
  const listed = { "config.json": smallFiles["config.json"] ?? "", "onnx/model.onnx": "no graph at all" };
  await expect(open(smallFiles, listed)).rejects.toThrow(/does not list tokenizer\.json, tokenizer_config\.json$/);
});

test("a folder that does not match its manifest is refused before anything of it is used", async () => {
  await expect(open({ ...smallFiles, "tokenizer.json": "{ }" }, smallFiles)).rejects.toThrow(
    /tokenizer\.json has 3 bytes instead of 2$/,
  );
});

test("a model that was opened and not started is loading, and says who it is", async () => {
  using folder = new TemporaryFolder();
  const model = await openTextModel({ folder: writeModelFolder(folder.path) });
  expect(model.identity).toMatchObject({ name: "small", version: "1.2.3" });
  expect(model.identity.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect([model.labels, model.task, model.device]).toEqual([["non_toxic", "toxic"], "text-classification", "none"]);
  expect([model.state(), model.stateDetail(), model.queueDepth]).toEqual([
    "loading",
    "no inference process is ready yet",
    0,
  ]);
  expect(model.refusal({ address: "A", clientId: "x" })).toMatchObject({ code: "model_loading", retryAfterMs: 1000 });
  await model.close();
  expect(model.refusal({ address: "A", clientId: "x" })).toMatchObject({ code: "draining" });
});

/** Opens a folder that holds `files` and whose manifest lists `listed`. */
async function open(files: Readonly<Record<string, string>>, listed = files): Promise<LocalTextModel> {
  using folder = new TemporaryFolder();
  return await openTextModel({ folder: writeModelFolder(folder.path, validManifest(listed), files) });
}

test("a model on a device takes room from the others for all its processes, spares too, from its start until it is closed", async () => {
  const room = new DeviceRoom(h200Machine.devices);
  const other = room.enter({ graphBytes: 0, processes: 1, wantedBytes: () => Number.MAX_SAFE_INTEGER });
  const before = other.bytes;
  const settings = { executionProvider: "cuda", instances: 2, spares: 2 } as const;
  const model = await openTextModel(settings, {}, strictEventBus(), h200Machine, { room });
  expect(other.bytes).toBe(before);
  const started = Promise.allSettled([model.start()]);
  const { graphBytes, processes } = model.memoryNeed;
  // Two of four are on each device, and one may be on the CPU; each of the four wants a batch besides.
  expect(processes).toBe(5);
  const resting = restingBytes({ graphBytes, processes: 2 });
  expect(before - other.bytes).toBeGreaterThan(resting);
  expect(before - other.bytes).toBeLessThan(resting + 4e9);
  model.kill();
  await model.close();
  await started;
  expect(other.bytes).toBe(before);
});

test("a model on the CPU takes none", async () => {
  const room = new DeviceRoom(h200Machine.devices);
  const other = room.enter({ graphBytes: 0, processes: 1, wantedBytes: () => Number.MAX_SAFE_INTEGER });
  const before = other.bytes;
  const model = await openTextModel({ executionProvider: "cpu" }, {}, strictEventBus(), h200Machine, { room });
  expect(other.bytes).toBe(before);
  await model.close();
});
