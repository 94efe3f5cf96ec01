import { expect, test } from "vitest";
import { padWithSilence } from "../../../../src/inference/whisper/silence.ts";

test("each row is followed by frames of silence: 2 below the highest value", () => {
  const padded = padWithSilence({ features: Float32Array.of(0, 1, 2, 3, 0.5, 1.5), melBins: 2, frames: 3 }, 5);
  expect([...padded]).toEqual([0, 1, 2, 1, 1, 3, 0.5, 1.5, 1, 1]);
});

test("in a window without sound, silence is the lowest value that there is", () => {
  const padded = padWithSilence({ features: Float32Array.of(-1.5, -1.4), melBins: 1, frames: 2 }, 4);
  expect([...padded.subarray(2)]).toEqual([-1.5, -1.5]);
});

test("a window that is long enough stays as it is", () => {
  const features = Float32Array.of(1, 2);
  expect(padWithSilence({ features, melBins: 1, frames: 2 }, 2)).toBe(features);
});
