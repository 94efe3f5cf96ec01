import { expect, test } from "vitest";
import type { AudioEnd } from "../../../src/processes/audio-protocol.ts";
import { summarise } from "../../../src/processes/audio-summary.ts";

const end: AudioEnd = {
  type: "end",
  durationMs: 1000,
  speechMs: 500,
  isCutOff: false,
  isDamaged: false,
  container: "matroska,webm",
  codec: "opus",
  decodeMs: 1,
  voiceActivityMs: 2,
  featuresMs: 3,
};

test("a whole file has no warnings", () => {
  expect(summarise(end)).toEqual({
    durationMs: 1000,
    speechMs: 500,
    isPartial: false,
    warnings: [],
    container: "matroska",
    codec: "opus",
    decodeMs: 1,
    voiceActivityMs: 2,
    featuresMs: 3,
  });
});

test("each reason for a partial result has its sentence", () => {
  const cutOff = summarise({ ...end, isCutOff: true });
  const damaged = summarise({ ...end, isDamaged: true });
  expect([cutOff.isPartial, damaged.isPartial]).toEqual([true, true]);
  expect(summarise({ ...end, isCutOff: true, isDamaged: true }).warnings).toEqual([
    ...cutOff.warnings,
    ...damaged.warnings,
  ]);
});

test("a name that is not on the list is not passed on", () => {
  expect(summarise({ ...end, container: "<script>", codec: "of a stranger" })).toMatchObject({
    container: "other",
    codec: "other",
  });
});
