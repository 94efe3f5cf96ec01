import { expect, test } from "vitest";
import { batchBytes } from "../../src/hardware/batch-need.ts";
import { openModelFolder } from "../../src/model-store/model-folder.ts";
import { defaultVariant } from "../../src/model-store/model-variants.ts";
import type { DeviceRuns } from "../../src/speech-family.ts";
import { openVoxtralFamily } from "../../src/voxtral-family.ts";
import { TemporaryFolder } from "../helpers/temporary-folder.ts";
import { type TinyVoxtralFolder, writeTinyVoxtral } from "../helpers/tiny-voxtral.ts";

test("a fused decoder answers windows of 30 and 60 s in one run, longer ones and other decoders in steps", async () => {
  expect((await open({ isFused: true })).answersInOneRun).toBe(true);
  expect((await open({ isFused: true }, 2)).answersInOneRun).toBe(true);
  expect((await open({ isFused: true }, 3)).answersInOneRun).toBe(false);
  expect((await open({ isFused: false })).answersInOneRun).toBe(false);
});

test("on a device a window takes less with caches of float16, and more with more chunks or logits of every position", async () => {
  const half = await windowBytes({ isFused: true, form: "_q4f16" });
  const full = await windowBytes({ isFused: true, form: "_q4" });
  // A key and a value of two heads of 24 in two layers, at 386 positions of the prompt and 391 of the answer, three times.
  expect(full - half).toBe(3 * (386 + 391) * 2 * 2 * 2 * 24 * 2);
  expect(await windowBytes({ isFused: true, form: "_fp16" })).toBe(half);
  expect(await windowBytes({ isFused: true, form: "_q4" }, 8)).toBeGreaterThan(full);
  expect(await windowBytes({ isFused: false, form: "_q4" })).toBeGreaterThan(full);
});

/** What one window takes, at most. */
async function windowBytes(form: TinyVoxtralFolder, chunksPerWindow = 1): Promise<number> {
  const { batchNeed } = await open(form, chunksPerWindow);
  return batchBytes(batchNeed, 1);
}

async function open(form: TinyVoxtralFolder, chunksPerWindow = 1): Promise<DeviceRuns> {
  using folder = new TemporaryFolder();
  const modelFolder = await openModelFolder(writeTinyVoxtral(folder.path, form));
  const family = await openVoxtralFamily(modelFolder, { chunksPerWindow });
  return family.onDevice(defaultVariant(modelFolder.manifest));
}
