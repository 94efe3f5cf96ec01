import { expect, test } from "vitest";
import { sanitiseSamples } from "../../../src/audio/sanitise-samples.ts";

test("what is no number becomes silence, and what is too loud is cut off", () => {
  const samples = Float32Array.of(
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    1e30,
    -1.5,
    0.25,
    -1,
    1,
    0,
  );
  sanitiseSamples(samples);
  expect([...samples]).toEqual([0, 1, -1, 1, -1, 0.25, -1, 1, 0]);
});
