import { expect, test } from "vitest";
import { clip, clipNames } from "../../../../tools/hostile-audio/clip.ts";
import { mutate, mutationNames } from "../../../../tools/hostile-audio/mutation.ts";
import { randomNumbers } from "../../../helpers/random-numbers.ts";

test("the same seed damages a file in the same way, another seed in another", () => {
  const healthy = clip("mp3.mp3");
  const first = mutate(healthy, randomNumbers(1));
  expect(mutate(healthy, randomNumbers(1))).toEqual(first);
  expect(mutate(healthy, randomNumbers(2)).bytes.equals(first.bytes)).toBe(false);
});

test("the healthy file stays as it is", () => {
  const healthy = clip("flac.flac");
  for (let seed = 0; seed < 50; seed++) {
    mutate(healthy, randomNumbers(seed));
  }
  expect(healthy.equals(clip("flac.flac"))).toBe(true);
});

test("in 300 files every kind of damage occurs, and nearly every file is another one than before", () => {
  const healthy = clip("opus.ogg");
  const files = Array.from({ length: 300 }, (_, seed) => mutate(healthy, randomNumbers(seed)));
  expect(new Set(files.flatMap(({ changes }) => changes))).toEqual(new Set(mutationNames));
  expect(files.filter(({ bytes }) => bytes.equals(healthy)).length).toBeLessThan(10);
});

test("a file that an earlier change has emptied can be damaged further", () => {
  for (let seed = 0; seed < 100; seed++) {
    expect(mutate(Buffer.alloc(0), randomNumbers(seed)).bytes.length).toBeLessThanOrEqual(1);
  }
});

test("every format has a clip", () => {
  expect(clipNames().length).toBeGreaterThanOrEqual(25);
});
