import fc from "fast-check";
import { expect, test } from "vitest";
import { readFlacLength } from "../../../src/audio/flac-length.ts";
import { clip } from "../../../tools/hostile-audio/clip.ts";
import { silentFlac } from "../../../tools/hostile-audio/containers/flac.ts";
import { tagHeader } from "../../../tools/hostile-audio/containers/id3.ts";
import { readerOf } from "../../helpers/reader-of.ts";

test("the length is the number of samples in the header", () => {
  expect(readFlacLength(readerOf(clip("flac.flac")))).toBe(1785.5);
  expect(readFlacLength(readerOf(silentFlac(60, 80_000n)))).toBe(10_000);
  expect(readFlacLength(readerOf(silentFlac(60, 2n ** 36n - 1n)))).toBeCloseTo((2 ** 36 - 1) / 8, 0);
});

test("a tag before it does not matter", () => {
  const bytes = Buffer.concat([tagHeader(100), Buffer.alloc(100), silentFlac(60, 80_000n)]);
  expect(readFlacLength(readerOf(bytes))).toBe(10_000);
});

test("a file that was written to a pipe declares nothing, and so do other files", () => {
  expect(readFlacLength(readerOf(silentFlac(60, 0n)))).toBeNull();
  expect(readFlacLength(readerOf(clip("opus.ogg")))).toBeNull();
});

test("whatever the bytes, there is an answer", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const found = readFlacLength(readerOf(Buffer.concat([Buffer.from("fLaC"), bytes])));
      expect(found === null || found > 0).toBe(true);
    }),
  );
});
