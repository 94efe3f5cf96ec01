import { expect, test } from "vitest";
import { endsWithinMp4Box } from "../../../src/audio/mp4-end.ts";
import { clip, clipNames } from "../../../tools/hostile-audio/clip.ts";
import { box } from "../../../tools/hostile-audio/containers/iso-boxes.ts";
import { readerOf } from "../../helpers/reader-of.ts";

const mp4Names = clipNames().filter((name) => /\.(mp4|m4a|3gp)$/.test(name));

test.each(mp4Names)("%s ends with its last box, whatever stands behind it", (name) => {
  expect(endsWithin(clip(name))).toBe(false);
  expect(endsWithin(Buffer.concat([clip(name), Buffer.alloc(5)]))).toBe(false);
  expect(endsWithin(Buffer.concat([clip(name), Buffer.from("random bytes, and more of them")]))).toBe(false);
});

test.each(mp4Names)("%s without its last byte ends within a box", (name) => {
  expect(endsWithin(clip(name).subarray(0, -1))).toBe(true);
});

test("a box that goes on to the end of the file ends there, and a box of 64 bits may be longer than any file", () => {
  expect(endsWithin(box("mdat", Buffer.alloc(100), 0))).toBe(false);
  expect(endsWithin(box("mdat", Buffer.alloc(100, 0x7f), 1))).toBe(true);
});

test("other files have no boxes", () => {
  for (const name of clipNames().filter((each) => !mp4Names.includes(each))) {
    expect(endsWithin(clip(name).subarray(0, 1000))).toBe(false);
  }
});

test("20,000 small boxes are walked over", () => {
  const boxes = Buffer.concat(Array.from({ length: 20_000 }, () => box("moof", Buffer.alloc(0))));
  expect(endsWithin(boxes)).toBe(false);
  expect(endsWithin(Buffer.concat([boxes, box("mdat", Buffer.alloc(1), 1000)]))).toBe(true);
});

function endsWithin(bytes: Buffer): boolean {
  return endsWithinMp4Box(readerOf(bytes), bytes.length);
}
