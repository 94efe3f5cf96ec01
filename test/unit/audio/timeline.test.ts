import { expect, test } from "vitest";
import { silence, Timeline } from "../../../src/audio/timeline.ts";

const hour = 3_600_000;

test("sound without a gap is played as it comes, whatever its times are rounded to", () => {
  expect(place([0, 21, 43, 64, 110], { durationMs: 21.5 })).toEqual([0, 0, 0, 0, 0]);
});

test("silence comes before a track that begins late, and where one pauses", () => {
  expect(place([3940, 4040, 6140, 6240])).toEqual([3940, 0, 2000, 0]);
});

test("without a start, the first sound is it", () => {
  expect(place([93_000_000, 93_000_100, 93_002_200], { startMs: null })).toEqual([0, 0, 2000]);
});

test("a start that is not 0 is taken off", () => {
  expect(place([5340, 5440], { startMs: 1400 })).toEqual([3940, 0]);
});

test("sound without a time follows what came before", () => {
  expect(place([0, null, null, 2300])).toEqual([0, 0, 0, 2000]);
});

test("sound before the start, and sound that overlaps, is played on", () => {
  expect(place([-20, 80, 180, 100, 400])).toEqual([0, 0, 0, 0, 0]);
});

test("a time behind the end of the container is not believed, and later ones count from there", () => {
  expect(place([0, 50_000, 50_100, 52_200], { endMs: 10_000 })).toEqual([0, 0, 0, 2000]);
});

test("a jump of more than an hour is not believed, nor that back", () => {
  expect(place([0, 100 + hour + 1, 200, 2300])).toEqual([0, 0, 0, 2000]);
  expect(place([hour])).toEqual([hour]);
});

test("broadcasts begin their times anew: a jump of more than ten seconds is none", () => {
  expect(place([0, 10_101, 10_201, 12_301, 100], { isDiscontinuous: true })).toEqual([0, 0, 0, 2000, 0]);
});

test("silence comes a second at a time, as many samples as it has", () => {
  expect(Array.from(silence(2500.01), ({ length }) => length)).toEqual([16_000, 16_000, 8000]);
  expect(Array.from(silence(0))).toEqual([]);
});

/** Silence before each piece of sound, by their times. */
function place(
  times: readonly (number | null)[],
  { durationMs = 100, startMs = 0, endMs = null, isDiscontinuous = false }: Partial<Options> = {},
): number[] {
  const timeline = new Timeline({ startMs, endMs, isDiscontinuous });
  return times.map((time) => timeline.place(time, durationMs));
}

interface Options {
  readonly durationMs: number;
  readonly startMs: number | null;
  readonly endMs: number | null;
  readonly isDiscontinuous: boolean;
}
