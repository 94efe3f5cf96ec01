import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readMp3Length } from "../../../src/audio/mp3-length.ts";
import { projectRoot } from "../../../src/config/load-config.ts";
import { readerOf } from "../../helpers/reader-of.ts";

const clips = join(projectRoot, "tools/hostile-audio/clips");
const mp3 = readFileSync(join(clips, "mp3.mp3"));
/** The clip lasts 1.8 s; an MP3 file is a little longer by the delay of its encoder and the rest of the last frame. */
const length = 1872;

test("the length is the number of frames that the encoder declares", () => {
  expect(readMp3Length(readerOf(mp3))).toBe(length);
});

test("a file that was cut off declares what it had", () => {
  expect(readMp3Length(readerOf(mp3.subarray(0, 1000)))).toBe(length);
});

test("tags before the sound do not matter, not even several, with pictures and footers", () => {
  const withoutTags = mp3.subarray(mp3.indexOf(Buffer.of(0xff, 0xf3)));
  const tags = Buffer.concat([tag(0), tag(200_000), tag(77, 0x10), Buffer.alloc(10)]);
  expect(readMp3Length(readerOf(Buffer.concat([tags, withoutTags])))).toBe(length);
});

test.each(["mp3-without-length.mp3", "aac.aac", "opus.ogg", "speech.wav", "aac.m4a"])(
  "%s declares nothing that way",
  (name) => {
    expect(readMp3Length(readerOf(readFileSync(join(clips, name))))).toBeNull();
  },
);

test("whatever the bytes, there is an answer", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, isFrame) => {
      const start = isFrame ? Buffer.of(0xff, 0xfb, 0x90, 0x00) : Buffer.alloc(0);
      const found = readMp3Length(readerOf(Buffer.concat([start, bytes])));
      expect(found === null || found >= 0).toBe(true);
    }),
  );
});

/** An ID3v2 tag with a body of that many bytes. */
function tag(bytes: number, flags = 0): Buffer {
  const sizes = [21, 14, 7, 0].map((shift) => (bytes >> shift) & 127);
  return Buffer.concat([Buffer.from("ID3"), Buffer.of(4, 0, flags, ...sizes), Buffer.alloc(bytes)]);
}
