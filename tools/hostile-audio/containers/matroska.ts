import { ascii, concat, u8, u16be } from "../bytes.ts";

/** An EBML element. @param id With its length marker, such as 0x1a45dfa3. @param size Said to be. */
export function element(id: number, content: Uint8Array, size: bigint = BigInt(content.length)): Buffer {
  return concat(elementId(id), elementSize(size), content);
}

/** All seven bytes ones: "until something else begins". */
export const unknownSize = (1n << 56n) - 1n;

/** An element that holds a number. */
export function numberElement(id: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return element(id, bytes);
}

export interface MatroskaTrack {
  readonly codec: string;
  /** Hertz. */
  readonly rate: number;
  readonly channels: number;
  readonly bits: number;
  /** Each frame is compressed with zlib. */
  readonly isCompressed: boolean;
}

/** A Matroska file with one track of sound; each frame is a block of one cluster. */
export function matroska(track: MatroskaTrack, frames: readonly Uint8Array[]): Buffer {
  const head = element(0x1a45dfa3, element(0x4282, ascii("matroska")));
  const info = element(0x1549a966, numberElement(0x2ad7b1, 1_000_000));
  const blocks = frames.map((frame, index) => element(0xa3, concat(u8(0x81), u16be(index), u8(0x80), frame)));
  const cluster = element(0x1f43b675, concat(numberElement(0xe7, 0), ...blocks));
  return concat(head, element(0x18538067, concat(info, tracks(track), cluster)));
}

function tracks({ codec, rate, channels, bits, isCompressed }: MatroskaTrack): Buffer {
  const rateBytes = Buffer.alloc(8);
  rateBytes.writeDoubleBE(rate);
  const audio = concat(element(0xb5, rateBytes), numberElement(0x9f, channels), numberElement(0x6264, bits));
  const zlib = element(0x6d80, element(0x6240, element(0x5034, numberElement(0x4254, 0))));
  const identity = [numberElement(0xd7, 1), numberElement(0x73c5, 1), numberElement(0x83, 2)];
  const fields = [...identity, element(0x86, ascii(codec)), element(0xe1, audio), ...(isCompressed ? [zlib] : [])];
  return element(0x1654ae6b, element(0xae, concat(...fields)));
}

function elementId(id: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(id);
  return bytes.subarray(bytes.findIndex((byte) => byte !== 0));
}

/** In eight bytes, whatever it is. */
function elementSize(size: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(size | (1n << 56n));
  return bytes;
}
