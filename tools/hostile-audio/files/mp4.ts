import { deflateSync } from "node:zlib";
import { ascii, concat, u32be, u64be } from "../bytes.ts";
import { clip } from "../clip.ts";
import { box, contentOffset, withNumber } from "../containers/iso-boxes.ts";
import {
  complete,
  type ExpectedAnswer,
  emptyAudio,
  file,
  type HostileFile,
  notAudio,
  partial,
  unknowinglyPartial,
} from "../hostile-file.ts";

const table = "moov/trak/mdia/minf/stbl";
const hundredMillion = 100_000_000;
const twoBillion = 2_000_000_000;
const fileType = box("ftyp", concat(ascii("M4A "), u32be(0), ascii("M4A isom")));

/** What a table that lies may truthfully come to: nothing that can be decoded, or some of the sound. */
const anyTruth = [notAudio, emptyAudio, partial, unknowinglyPartial] as const;

export const mp4Files: readonly HostileFile[] = [
  lie("mp4-stsz-100-million", "100 million sample sizes in a file of 8 KB", "stsz", 8, hundredMillion),
  lie("mp4-stsz-2-billion", "2 billion sample sizes", "stsz", 8, twoBillion),
  lie("mp4-stsz-equal", "2 billion samples of one size, which need no table", "stsz", 4, 1, 8, twoBillion),
  lie("mp4-stts-2-billion", "2 billion entries of times", "stts", 4, twoBillion),
  lie("mp4-stts-samples", "one entry of times for 2 billion samples", "stts", 8, twoBillion),
  lie("mp4-stts-delta", "samples that last 4 billion ticks", "stts", 12, 0xffff_ffff),
  lie("mp4-stco-100-million", "100 million chunks", "stco", 4, hundredMillion),
  lie("mp4-stco-2-billion", "2 billion chunks", "stco", 4, twoBillion),
  lie("mp4-stco-outside", "a chunk that lies behind the end of the file", "stco", 8, 0x7fff_ffff),
  lie("mp4-stsc-2-billion", "2 billion entries of samples in chunks", "stsc", 4, twoBillion),
  lie("mp4-stsc-samples", "2 billion samples in a chunk", "stsc", 12, twoBillion),
  lie("mp4-stsd-2-billion", "2 billion descriptions of samples", "stsd", 4, twoBillion),
  changed("mp4-mdhd-timescale-0.m4a", "0 ticks in a second", "moov/trak/mdia/mdhd", 12, 0, ...anyTruth, complete),
  changed(
    "mp4-mdhd-99-years.m4a",
    "a track that is said to last 99 years",
    "moov/trak/mdia/mdhd",
    16,
    0xffff_fffe,
    partial,
    complete,
  ),
  changed("mp4-mvhd-timescale-0.m4a", "a film of 0 ticks in a second", "moov/mvhd", 12, 0, ...anyTruth, complete),
  file(
    "mp4-1-hz.m4a",
    "a sample description of 1 Hz",
    () => withNumber(clip("alac.m4a"), `${table}/stsd`, 32, 1),
    ...anyTruth,
    complete,
  ),
  file("mp4-boxes-in-boxes.m4a", "100,000 boxes, each in the one before", nestedBoxes, notAudio),
  file("mp4-compressed-bomb.m4a", "a compressed index of 128 MB that is said to be 2 GB", compressedIndex, notAudio),
  file("mp4-box-of-2-to-63.m4a", "a box that is said to be 2^63 bytes", hugeBox, notAudio, emptyAudio),
  file(
    "mp4-box-of-size-4.m4a",
    "a box that is smaller than its own header",
    () => concat(fileType, box("moov", Buffer.alloc(64), 4)),
    notAudio,
  ),
  file("mp4-type-only.m4a", "nothing but the type of the file", () => fileType, notAudio),
  file(
    "mp4-empty-index.m4a",
    "an index of nothing",
    () => concat(fileType, box("moov", Buffer.alloc(0)), box("mdat", Buffer.alloc(64))),
    emptyAudio,
  ),
  file("mp4-data-elsewhere.m4a", "samples that are said to be in another file", dataElsewhere, complete, ...anyTruth),
  file("mp4-many-fragments.mp4", "20,000 fragments of nothing", manyFragments, partial, complete),
  file(
    "mp4-without-data.m4a",
    "an index whose data is missing",
    () => clip("aac-moov-first.m4a").subarray(0, dataOffset()),
    notAudio,
    emptyAudio,
    partial,
  ),
];

/** @param numbers Pairs of a position in the content of the box and the number that it gets. */
function lie(name: string, fault: string, type: string, ...numbers: readonly number[]): HostileFile {
  const content = () => {
    let bytes = clip("aac-moov-first.m4a");
    for (let pair = 0; pair < numbers.length; pair += 2) {
      bytes = withNumber(bytes, `${table}/${type}`, numbers[pair] ?? 0, numbers[pair + 1] ?? 0);
    }
    return bytes;
  };
  return file(`${name}.m4a`, fault, content, ...anyTruth, complete);
}

function changed(
  name: string,
  fault: string,
  path: string,
  position: number,
  value: number,
  ...expected: readonly ExpectedAnswer[]
): HostileFile {
  return file(name, fault, () => withNumber(clip("aac-moov-first.m4a"), path, position, value), ...expected);
}

function nestedBoxes(): Buffer {
  const depth = 100_000;
  const headers = Array.from({ length: depth }, (_, index) => box("moov", Buffer.alloc(0), 8 * (depth - index)));
  return concat(fileType, ...headers);
}

/** A `moov` box may be compressed with zlib: `cmov` holds `dcom` (how) and `cmvd` (length and data). */
function compressedIndex(): Buffer {
  const compressed = deflateSync(Buffer.alloc(128_000_000));
  const header = box("dcom", ascii("zlib"));
  const data = box("cmvd", concat(u32be(twoBillion), compressed));
  return concat(fileType, box("moov", box("cmov", concat(header, data))));
}

function hugeBox(): Buffer {
  const sizeIsIn64Bits = 1;
  const header = concat(box("free", Buffer.alloc(0), sizeIsIn64Bits), u64be(2n ** 63n - 1n));
  return concat(fileType, header, clip("aac-moov-first.m4a"));
}

/** The entry of the data reference that says "in this file" is given a path instead. */
function dataElsewhere(): Buffer {
  const bytes = Buffer.from(clip("aac-moov-first.m4a"));
  const entry = contentOffset(bytes, "moov/trak/mdia/minf/dinf/dref") + 8;
  const isInThisFile = entry + 11;
  bytes.write("alis", entry + 4, "latin1");
  bytes[isInThisFile] = 0;
  return bytes;
}

function manyFragments(): Buffer {
  const fragments = Array.from({ length: 20_000 }, (_, number) =>
    box("moof", box("mfhd", concat(u32be(0), u32be(number)))),
  );
  return concat(clip("aac-fragmented.mp4"), ...fragments);
}

function dataOffset(): number {
  return contentOffset(clip("aac-moov-first.m4a"), "mdat") - 8;
}
