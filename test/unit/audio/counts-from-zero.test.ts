import { expect, test } from "vitest";
import { countsFromZero } from "../../../src/audio/counts-from-zero.ts";
import { clip } from "../../../tools/hostile-audio/clip.ts";
import { readerOf } from "../../helpers/reader-of.ts";

test.each([
  ["h264-opus.mkv", true],
  ["opus.webm", true],
  ["h264-aac.mp4", true],
  ["aac-fragmented.mp4", true],
  ["amr-nb.3gp", true],
  ["speech.wav", false],
  ["mp3.mp3", false],
  ["opus.ogg", false],
  ["mpeg2-mp2.mpegts", false],
])("%s: %s", (name, expected) => {
  expect(countsFromZero(readerOf(clip(name)))).toBe(expected);
});

test("a file of fewer bytes does not", () => {
  expect(countsFromZero(readerOf(Buffer.from("fty")))).toBe(false);
});
