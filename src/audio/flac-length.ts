import { skipId3Tags } from "./id3-tags.ts";
import type { ReadAt } from "./read-at.ts";

/** The mark, the header of the block that must come first, and that block up to its count of samples. */
const headerBytes = 4 + 4 + 18;
const streamInfoOffset = 8;
/** Hertz in 20 bits, channels in 3, bits of a sample in 5, the number of samples in 36. */
const countsOffset = streamInfoOffset + 10;
const samplesBits = 36;
const rateShift = 44n;

/** Milliseconds that a FLAC file declares to last. Null for other files, and for those that declare nothing. */
export function readFlacLength(readAt: ReadAt): number | null {
  const header = Buffer.alloc(headerBytes);
  readAt(header, skipId3Tags(readAt));
  if (header.toString("latin1", 0, 4) !== "fLaC") {
    return null;
  }
  const counts = header.readBigUInt64BE(countsOffset);
  const rate = Number(counts >> rateShift);
  const samples = Number(BigInt.asUintN(samplesBits, counts));
  return rate === 0 || samples === 0 ? null : (1000 * samples) / rate;
}
