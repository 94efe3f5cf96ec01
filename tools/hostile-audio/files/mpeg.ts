import { ascii, concat, replaced, u32be } from "../bytes.ts";
import { clip } from "../clip.ts";
import { largestTag, tagHeader, tagWithPicture, zeros } from "../containers/id3.ts";
import {
  complete,
  emptyAudio,
  file,
  type HostileFile,
  notAudio,
  partial,
  silent,
  tooLong,
  unknowinglyPartial,
} from "../hostile-file.ts";
import { randomBytes } from "./nothing.ts";

const megabyte = 1_000_000;

/** MP3, AAC and AMR: streams of frames, with tags before and after them. */
export const mpegFiles: readonly HostileFile[] = [
  {
    name: "mp3-picture-of-100-mb.mp3",
    fault: "a cover picture of 100 MB",
    content: () => after(tagWithPicture(100 * megabyte)),
    expected: [complete],
  },
  {
    name: "mp3-tag-of-200-mb.mp3",
    fault: "a tag of 200 MB before the sound",
    content: () => after(emptyTag(200 * megabyte)),
    expected: [complete],
  },
  file(
    "mp3-tag-cut.mp3",
    "a tag that is said to be 256 MiB, and the end",
    () => concat(tagHeader(largestTag), Buffer.alloc(4096)),
    notAudio,
    emptyAudio,
  ),
  file(
    "mp3-tag-only.mp3",
    "a tag, and no sound",
    () => concat(tagHeader(4096), Buffer.alloc(4096)),
    notAudio,
    emptyAudio,
  ),
  file(
    "mp3-10000-tags.mp3",
    "10,000 tags before the sound",
    () => concat(...Array.from({ length: 10_000 }, () => tagHeader(0)), clip("mp3.mp3")),
    complete,
    notAudio,
  ),
  file(
    "mp3-said-to-last-3-years.mp3",
    "a frame count of 4 billion in the first frame",
    () => withFrameCount(0xffff_ffff),
    tooLong,
  ),
  file("mp3-said-to-be-one-frame.mp3", "a frame count of one", () => withFrameCount(1), complete),
  file(
    "mp3-rate-change.mp3",
    "16 kHz mono, then 44.1 kHz stereo, then 16 kHz mono",
    () => concat(clip("mp3-without-length.mp3"), clip("mp3-44100-stereo.mp3"), clip("mp3-without-length.mp3")),
    complete,
    partial,
  ),
  file(
    "mp3-after-junk.mp3",
    "64 KiB of random bytes before the sound",
    () => concat(randomBytes(2 ** 16, 5), clip("mp3.mp3")),
    complete,
    notAudio,
    partial,
  ),
  file("mp3-zeros-inside.mp3", "a MiB of zeros in the middle", zerosInside, complete, partial),
  file(
    "aac-frame-lengths.aac",
    "every frame said to be 7 bytes long",
    () => withFrameLengths(7),
    notAudio,
    emptyAudio,
    partial,
    unknowinglyPartial,
  ),
  file(
    "aac-frames-of-8-kb.aac",
    "every frame said to be 8 KB long",
    () => withFrameLengths(8191),
    notAudio,
    emptyAudio,
    partial,
    unknowinglyPartial,
  ),
  file("amr-header-only.amr", "a header, and no frame", () => ascii("#!AMR\n"), emptyAudio, notAudio),
  file(
    "amr-reserved-frames.amr",
    "frames of types that do not exist",
    () => concat(ascii("#!AMR\n"), Buffer.alloc(4096, 0x74)),
    emptyAudio,
    notAudio,
    partial,
    silent,
  ),
  file(
    "amr-multichannel.amr",
    "a header of a variant that nobody decodes",
    () => concat(ascii("#!AMR_MC1.0\n"), u32be(6), Buffer.alloc(4096)),
    notAudio,
    emptyAudio,
    partial,
  ),
];

function* after(tag: Iterable<Uint8Array>): Generator<Uint8Array> {
  yield* tag;
  yield clip("mp3.mp3");
}

function* emptyTag(size: number): Generator<Uint8Array> {
  yield tagHeader(size);
  yield* zeros(size);
}

/** The first frame of `clips/mp3.mp3` holds no sound but the number of frames that follow. */
function withFrameCount(count: number): Buffer {
  const mp3 = clip("mp3.mp3");
  const mark = Math.max(mp3.indexOf("Info", 0, "latin1"), mp3.indexOf("Xing", 0, "latin1"));
  const flagsLength = 4;
  return replaced(mp3, mark + 4 + flagsLength, u32be(count));
}

function zerosInside(): Buffer {
  const mp3 = clip("mp3-without-length.mp3");
  const middle = Math.floor(mp3.length / 2);
  return concat(mp3.subarray(0, middle), Buffer.alloc(2 ** 20), mp3.subarray(middle));
}

/** An ADTS header keeps the length of its frame in 13 bits from bit 30 on. */
function withFrameLengths(length: number): Buffer {
  const aac = Buffer.from(clip("aac.aac"));
  for (let at = 0; at + 7 < aac.length; ) {
    const high = aac[at + 3] ?? 0;
    const low = aac[at + 5] ?? 0;
    const frameLength = ((high & 3) << 11) | ((aac[at + 4] ?? 0) << 3) | (low >> 5);
    aac[at + 3] = (high & 0xfc) | (length >> 11);
    aac[at + 4] = (length >> 3) & 0xff;
    aac[at + 5] = (low & 0x1f) | ((length & 7) << 5);
    at += Math.max(frameLength, 7);
  }
  return aac;
}
