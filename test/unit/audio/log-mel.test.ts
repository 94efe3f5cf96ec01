import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { LogMel } from "../../../src/audio/log-mel.ts";
import { WindowPacker } from "../../../src/audio/window-packer.ts";
import { projectRoot } from "../../../src/config/load-config.ts";
import { speechClip } from "../../helpers/speech-file.ts";
import { whisperWindows } from "../../helpers/window-shapes.ts";

interface Golden {
  readonly tolerance: number;
  readonly clips: readonly {
    readonly name: string;
    readonly frames: number;
    readonly values: { readonly 80: readonly number[]; readonly 128: readonly number[] };
  }[];
}

const golden = JSON.parse(readFileSync(join(projectRoot, "test/golden/log-mel.json"), "utf8")) as Golden;
/** From one kept value to the next, see tools/audio-golden. */
const step = 7919;
const samplingRate = 16_000;

test("there are twenty golden clips", () => {
  expect(golden.clips).toHaveLength(20);
});

test.each(golden.clips)("$name: the features equal those of transformers", ({ name, frames, values }) => {
  const samples = name.endsWith(".wav") ? readSamples(name) : generate(name);
  const packer = new WindowPacker(whisperWindows);
  packer.add(0, samples);
  expect(packer.flush()?.frames).toBe(frames);
  for (const melBins of [80, 128] as const) {
    const features = new LogMel(melBins, null).features(samples, frames);
    expect(features).toHaveLength(melBins * frames);
    const differences = values[melBins].map((value, at) =>
      Math.abs(value - (features[(at * step) % features.length] ?? Number.NaN)),
    );
    expect(Math.max(...differences)).toBeLessThan(golden.tolerance);
  }
});

test("samples behind the last frame are left out", () => {
  const samples = generate("noise");
  const logMel = new LogMel(80, null);
  expect(logMel.features(samples, 1500)).toEqual(logMel.features(samples.subarray(0, 1500 * 160), 1500));
});

function readSamples(name: string): Float32Array {
  const bytes = speechClip(name).subarray(44);
  return Float32Array.from({ length: bytes.length / 2 }, (_, at) => bytes.readInt16LE(2 * at) / 32_768);
}

/** As in tools/audio-golden/log_mel.py. */
function generate(name: string): Float32Array {
  switch (name) {
    case "silence":
      return new Float32Array(samplingRate);
    case "impulse":
      return fromFormula(samplingRate, (k) => (k === 8000 ? 1 : 0));
    case "constant":
      return fromFormula(3 * samplingRate, () => 0.5);
    case "tone":
      return fromFormula(5 * samplingRate, (k) => 0.3 * Math.sin(k * 0.4));
    case "sweep":
      return fromFormula(16 * samplingRate, (k) => 0.4 * Math.sin(k * k * 1e-5));
    case "noise":
      return noise(30 * samplingRate, 1);
    case "quiet noise":
      return noise(20 * samplingRate + 77, 1e-4);
    default:
      return noise(2 * samplingRate, 1, samplingRate);
  }
}

function fromFormula(length: number, formula: (k: number) => number): Float32Array {
  return Float32Array.from({ length }, (_, k) => formula(k));
}

function noise(length: number, amplitude: number, quietFrom = Number.POSITIVE_INFINITY): Float32Array {
  let state = 1;
  return fromFormula(length, (k) => {
    state = (state * 16_807) % 2_147_483_647;
    return (state / 2_147_483_647 - 0.5) * 2 * amplitude * (k >= quietFrom ? 1e-3 : 1);
  });
}
