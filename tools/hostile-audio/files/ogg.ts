import { concat, replaced, u8 } from "../bytes.ts";
import { clip } from "../clip.ts";
import {
  complete,
  emptyAudio,
  file,
  type HostileFile,
  notAudio,
  partial,
  unknowinglyPartial,
} from "../hostile-file.ts";

/** Where a page says how many segments it has. */
const segmentCountOffset = 26;
/** Where a page keeps its checksum. */
const checksumOffset = 22;

export const oggFiles: readonly HostileFile[] = [
  file(
    "ogg-chained.ogg",
    "three files in one: 8 kHz mono, 48 kHz stereo, 8 kHz mono",
    () => concat(clip("vorbis.ogg"), clip("vorbis-48000-stereo.ogg"), clip("vorbis.ogg")),
    // FFmpeg 5 follows the change; FFmpeg 8 refuses what comes after it.
    complete,
    partial,
  ),
  file(
    "ogg-first-page-only.ogg",
    "the first page, and the end",
    () => clip("opus.ogg").subarray(0, pageStart(clip("opus.ogg"), 1)),
    notAudio,
    emptyAudio,
  ),
  file(
    "ogg-headers-only.ogg",
    "the pages of the headers, and the end",
    () => clip("opus.ogg").subarray(0, pageStart(clip("opus.ogg"), 2)),
    notAudio,
    emptyAudio,
  ),
  file(
    "ogg-opus-255-channels.ogg",
    "an Opus header of 255 channels",
    () => withOpusHeader(9, 255),
    notAudio,
    emptyAudio,
  ),
  file("ogg-opus-0-channels.ogg", "an Opus header of no channel", () => withOpusHeader(9, 0), notAudio, emptyAudio),
  file("ogg-wrong-checksum.ogg", "a page in the middle with a wrong checksum", wrongChecksum, partial),
  file("ogg-lost-page.ogg", "a page in the middle is missing", lostPage, partial),
  file(
    "ogg-255-segments.ogg",
    "a last page that is said to have 255 segments",
    segmentsOfLastPage,
    partial,
    unknowinglyPartial,
    complete,
  ),
];

/** Where a page of an Ogg file begins. @param number Counts from 0. */
function pageStart(ogg: Buffer, number: number): number {
  let at = 0;
  for (let page = 0; page < number; page++) {
    at = ogg.indexOf("OggS", at + 1, "latin1");
  }
  return at;
}

/** @param position In the identification header. The checksum of the page is made right again. */
function withOpusHeader(position: number, value: number): Buffer {
  const ogg = clip("opus.ogg");
  const changed = replaced(ogg, ogg.indexOf("OpusHead", 0, "latin1") + position, u8(value));
  return withChecksum(changed, 0, pageStart(ogg, 1));
}

function wrongChecksum(): Buffer {
  const ogg = clip("vorbis.ogg");
  const start = ogg.lastIndexOf("OggS", Math.floor(ogg.length / 2), "latin1");
  return replaced(ogg, start + checksumOffset, Buffer.of(1, 2, 3, 4));
}

function lostPage(): Buffer {
  const ogg = clip("vorbis.ogg");
  const start = ogg.lastIndexOf("OggS", Math.floor(ogg.length / 2), "latin1");
  return concat(ogg.subarray(0, start), ogg.subarray(ogg.indexOf("OggS", start + 4, "latin1")));
}

function segmentsOfLastPage(): Buffer {
  const ogg = clip("vorbis.ogg");
  return replaced(ogg, ogg.lastIndexOf("OggS", undefined, "latin1") + segmentCountOffset, u8(255));
}

function withChecksum(ogg: Buffer, from: number, to: number): Buffer {
  const cleared = replaced(ogg, from + checksumOffset, Buffer.alloc(4));
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32LE(pageChecksum(cleared.subarray(from, to)));
  return replaced(cleared, from + checksumOffset, checksum);
}

/** CRC-32 with the polynomial 0x04c11db7, not reflected, as RFC 3533 has it. */
function pageChecksum(page: Uint8Array): number {
  let value = 0;
  for (const byte of page) {
    value ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) {
      value = value < 0 ? (value << 1) ^ 0x04c1_1db7 : value << 1;
    }
  }
  return value >>> 0;
}
