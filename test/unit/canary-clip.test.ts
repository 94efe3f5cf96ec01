import { expect, test } from "vitest";
import { LogMel } from "../../src/audio/log-mel.ts";
import { readCanaryWindow } from "../../src/canary-clip.ts";
import { readSpeech } from "../helpers/speech-samples.ts";
import { voxtralWindows, whisperWindows } from "../helpers/window-shapes.ts";

const samples = readSpeech("transfer.wav");

test.each([
  ["a Whisper", whisperWindows, 1_500],
  ["a Voxtral", voxtralWindows(2), 3_000],
  ["a model whose loudest is fixed", { ...voxtralWindows(1), logMelMaximum: 1.5 }, 3_000],
  ["a model of shorter windows, which are too short for it", { ...whisperWindows, fewestFrames: 100 }, 360],
])("the clip is in the shortest window of %s", async (_, windows, frames) => {
  const window = await readCanaryWindow(windows, ["de", "en", "fr"]);
  expect(window).toMatchObject({ frames, audioMs: 3_590, language: "fr", temperature: 0 });
  expect(window.features).toEqual(new LogMel(windows.melBins, windows.logMelMaximum).features(samples, frames));
});

test("a model that knows no French is asked in a language of its own", async () => {
  expect(await readCanaryWindow(whisperWindows, ["en"])).toMatchObject({ language: "en" });
  expect(await readCanaryWindow(whisperWindows, [])).toMatchObject({ language: null });
});
