import { expect, test } from "vitest";
import { hasDamagedOggPage } from "../../../src/audio/ogg-damage.ts";
import { clip } from "../../../tools/hostile-audio/clip.ts";
import { readerOf } from "../../helpers/reader-of.ts";

const vorbis = clip("vorbis.ogg");
const names = ["vorbis.ogg", "vorbis-48000-stereo.ogg", "opus.ogg"];

test.each(names)("%s is as it was written, on its own, behind another, and with something behind it", (name) => {
  expect(isDamaged(clip(name))).toBe(false);
  expect(isDamaged(Buffer.concat([vorbis, clip(name), vorbis]))).toBe(false);
  expect(isDamaged(Buffer.concat([clip(name), Buffer.alloc(100_000, "tail")]))).toBe(false);
});

test.each(names)("a single bit of %s that flips is noticed", (name) => {
  // Not in the last page: one that says that it is longer than the file is cut off.
  for (let at = 4; at < clip(name).lastIndexOf("OggS"); at += 97) {
    const bytes = Buffer.from(clip(name));
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    expect(isDamaged(bytes)).toBe(true);
  }
});

test("a page that is missing, and one that comes twice, are noticed", () => {
  const pages = pagesOf(vorbis);
  expect(pages).toHaveLength(4);
  expect(isDamaged(Buffer.concat(pages.toSpliced(2, 1)))).toBe(true);
  expect(isDamaged(Buffer.concat(pages.toSpliced(2, 0, pages[2] ?? vorbis)))).toBe(true);
});

test("bytes between two pages are noticed", () => {
  expect(isDamaged(Buffer.concat(pagesOf(vorbis).toSpliced(2, 0, Buffer.from("between"))))).toBe(true);
});

test("a file that ends too early is not damaged for that", () => {
  for (const bytes of [1, 30, 1000, 4000]) {
    expect(isDamaged(vorbis.subarray(0, -bytes))).toBe(false);
  }
});

test("other files have no pages", () => {
  expect(["speech.wav", "mp3.mp3", "opus.webm"].map((name) => isDamaged(clip(name)))).toEqual([false, false, false]);
});

function isDamaged(bytes: Buffer): boolean {
  return hasDamagedOggPage(readerOf(bytes), bytes.length);
}

function pagesOf(ogg: Buffer): Buffer[] {
  const pages: Buffer[] = [];
  for (let start = 0; start >= 0 && start < ogg.length; ) {
    const next = ogg.indexOf("OggS", start + 4);
    pages.push(ogg.subarray(start, next < 0 ? undefined : next));
    start = next;
  }
  return pages;
}
