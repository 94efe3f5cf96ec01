import { expect, test } from "vitest";
import type { DecodedFile, Decoder } from "../../../src/audio/decoder.ts";
import { refuseTooLong } from "../../../src/audio/refuse-too-long.ts";
import { clip } from "../../../tools/hostile-audio/clip.ts";
import { silentFlac } from "../../../tools/hostile-audio/containers/flac.ts";
import { readerOf } from "../../helpers/reader-of.ts";

const decoded: DecodedFile = { container: "flac", codec: "flac", isCutOff: false, isDamaged: false };

test("a file that declares more than is accepted is refused before anything is decoded", () => {
  let isStarted = false;
  function* decoder(): Decoder {
    isStarted = true;
    yield new Float32Array(2);
    return decoded;
  }
  const tooLong = expect.objectContaining({ fault: "too_long" });
  expect(() => refuseTooLong(decoder(), readerOf(silentFlac(60)), 60).next()).toThrow(tooLong);
  expect(() => refuseTooLong(decoder(), readerOf(clip("mp3.mp3")), 1).next()).toThrow(tooLong);
  expect(isStarted).toBe(false);
});

test("any other is decoded, whatever it declares or not", () => {
  for (const bytes of [silentFlac(60), silentFlac(60, 0n), clip("opus.ogg"), Buffer.alloc(0)]) {
    const decoder = refuseTooLong(twoSamples(), readerOf(bytes), 70);
    expect(decoder.next()).toEqual({ done: false, value: new Float32Array(2) });
    expect(decoder.next()).toEqual({ done: true, value: decoded });
  }
});

function* twoSamples(): Decoder {
  yield new Float32Array(2);
  return decoded;
}
