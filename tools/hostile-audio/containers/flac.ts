import { ascii, concat, u8, u16be, u64be } from "../bytes.ts";

/** Samples of a block: the most that a FLAC frame holds. */
const blockSize = 65_535;
/** Hertz, and its code in a frame header. */
const rate = 8000;
const rateCode = 0b0100;

/** A valid FLAC file of silence, 14 bytes for each 8 seconds. @param declaredSamples What its header says. */
export function silentFlac(seconds: number, declaredSamples?: bigint): Buffer {
  const blocks = Math.ceil((seconds * rate) / blockSize);
  const frames = Array.from({ length: blocks }, (_, index) => silentFrame(index));
  const streamInfo = flacStreamInfo(declaredSamples ?? BigInt(blocks * blockSize));
  return concat(ascii("fLaC"), metadataBlock(0, streamInfo, true), ...frames);
}

/** @param type 0 is STREAMINFO, 6 a picture. @param size Said to be, when it is not the true one. */
export function metadataBlock(type: number, content: Uint8Array, isLast: boolean, size = content.length): Buffer {
  return concat(u8((isLast ? 0x80 : 0) | type), Buffer.of(size >> 16, (size >> 8) & 0xff, size & 0xff), content);
}

/** One channel of 16 bits. */
export function flacStreamInfo(samples: bigint): Buffer {
  const channelsMinusOne = 0n;
  const bitsMinusOne = 15n;
  const packed = (BigInt(rate) << 44n) | (channelsMinusOne << 41n) | (bitsMinusOne << 36n) | samples;
  const frameSizesAndDigest = [Buffer.alloc(6), Buffer.alloc(16)] as const;
  return concat(u16be(blockSize), u16be(blockSize), frameSizesAndDigest[0], u64be(packed), frameSizesAndDigest[1]);
}

function silentFrame(index: number): Buffer {
  const sizeIsIn16Bits = 0b0111;
  const monoOf16Bits = 0b0000_1000;
  const head = concat(
    Buffer.of(0xff, 0xf8, (sizeIsIn16Bits << 4) | rateCode, monoOf16Bits),
    frameNumber(index),
    u16be(blockSize - 1),
  );
  const constantZero = Buffer.alloc(3);
  const frame = concat(head, u8(checksum(head, 8, 0x07)), constantZero);
  return concat(frame, u16be(checksum(frame, 16, 0x8005)));
}

/** As UTF-8 writes a code point, which FLAC extends beyond Unicode's last. */
function frameNumber(value: number): Buffer {
  if (value < 0x80) {
    return u8(value);
  }
  if (value < 0x800) {
    return Buffer.of(0xc0 | (value >> 6), 0x80 | (value & 0x3f));
  }
  return Buffer.of(0xe0 | (value >> 12), 0x80 | ((value >> 6) & 0x3f), 0x80 | (value & 0x3f));
}

function checksum(bytes: Uint8Array, bits: 8 | 16, polynomial: number): number {
  const highest = 1 << (bits - 1);
  const mask = 2 ** bits - 1;
  let value = 0;
  for (const byte of bytes) {
    value ^= byte << (bits - 8);
    for (let bit = 0; bit < 8; bit++) {
      value = (value & highest) === 0 ? (value << 1) & mask : ((value << 1) ^ polynomial) & mask;
    }
  }
  return value;
}
