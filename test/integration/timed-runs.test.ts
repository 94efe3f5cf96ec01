import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Plugin, TimedRun } from "../../src/inference/plugin.ts";
import { plugin as camembert } from "../../src/inference/plugins/camembert.ts";
import { plugin as voxtral } from "../../src/inference/plugins/voxtral.ts";
import { plugin as whisper } from "../../src/inference/plugins/whisper.ts";
import type { Manifest } from "../../src/model-store/manifest.ts";
import type { TimingOrder } from "../../src/processes/protocol.ts";
import { realModelFolder } from "../helpers/model-folder.ts";
import { realSpeechFolder } from "../helpers/speech-models.ts";
import { tinyVoxtralFolder, tinyVoxtralManifest } from "../helpers/tiny-voxtral.ts";

/** 12 blocks of 384, and 1,536 between. */
const camembertWeights = 12 * (4 * 384 ** 2 + 2 * 384 * 1536);

test("CamemBERT times whole windows, as many as are worth the work", async () => {
  const timed = await timedRunOf(camembert, realModelFolder, {
    operations: 2 * camembertWeights * 300,
    maxUnits: 1e9,
  });
  expect(timed).toMatchObject({ weights: camembertWeights, tokens: 256 });
  await timed.run();
});

test("CamemBERT times no more tokens than there is room for, but one window", async () => {
  const timed = await timedRunOf(camembert, realModelFolder, { operations: 1e15, maxUnits: 130 });
  expect(timed.tokens).toBe(128);
  expect((await timedRunOf(camembert, realModelFolder, { operations: 1, maxUnits: 1 })).tokens).toBe(128);
});

test("Whisper times its encoder on one window", async () => {
  const timed = await timedRunOf(whisper, realSpeechFolder, { operations: 1e15, maxUnits: 1e9 });
  expect(timed).toMatchObject({ weights: 6 * (4 * 512 ** 2 + 2 * 512 * 2048), tokens: 1500 });
  await timed.run();
});

test("Voxtral times its encoder on chunks of silence, of which there are not too many, nor more than there is room for", async () => {
  const folder = tinyVoxtralFolder("voxtral-tied");
  const manifest = tinyVoxtralManifest(folder, "");
  const { audio_config: audio } = JSON.parse(readFileSync(join(folder, "config.json"), "utf8")) as {
    audio_config: Record<"max_source_positions" | "num_hidden_layers" | "hidden_size" | "intermediate_size", number>;
  };
  const states = audio.max_source_positions;
  const one = await timedRunOf(voxtral, folder, { operations: 1, maxUnits: 1e9 }, manifest);
  const { hidden_size: width, intermediate_size: inner } = audio;
  expect(one).toMatchObject({
    weights: audio.num_hidden_layers * (4 * width * width + 2 * width * inner),
    tokens: states,
  });
  const many = await timedRunOf(voxtral, folder, { operations: 1e15, maxUnits: 1e9 }, manifest);
  expect(many.tokens).toBe(4 * states);
  await many.run();
  const room = await timedRunOf(voxtral, folder, { operations: 1e15, maxUnits: 2 }, manifest);
  expect(room.tokens).toBe(2 * states);
  const noRoom = await timedRunOf(voxtral, folder, { operations: 1e15, maxUnits: 0 }, manifest);
  expect(noRoom.tokens).toBe(states);
});

async function timedRunOf(
  plugin: Plugin,
  folder: string,
  order: TimingOrder,
  manifest = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) as Manifest,
): Promise<TimedRun> {
  const model = await plugin.load(folder, manifest, { executionProvider: "cpu", intraOpNumThreads: 1 });
  onTestFinished(() => model.dispose());
  const timed = await model.timedRun?.(order);
  if (timed === undefined) {
    throw new Error(`the plugin ${plugin.name} times nothing`);
  }
  return timed;
}
