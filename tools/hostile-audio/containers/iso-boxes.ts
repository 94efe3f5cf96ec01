import { ascii, concat, replaced, u32be } from "../bytes.ts";

/** A box of MP4, M4A, 3GP and QuickTime. @param size Said to be, when it is not the true one. */
export function box(type: string, content: Uint8Array, size = content.length + headerLength): Buffer {
  return concat(u32be(size), ascii(type), content);
}

/** Where the content of a box begins, found by its path, such as `moov/trak/mdia/minf/stbl/stsz`. */
export function contentOffset(bytes: Buffer, path: string): number {
  let from = 0;
  let to = bytes.length;
  for (const type of path.split("/")) {
    const found = findBox(bytes, type, from, to);
    from = found.from;
    to = found.to;
  }
  return from;
}

/** A copy of an MP4 file with a 32-bit number of one box changed. @param position In the content of the box. */
export function withNumber(bytes: Buffer, path: string, position: number, value: number): Buffer {
  return replaced(bytes, contentOffset(bytes, path) + position, u32be(value));
}

const headerLength = 8;

function findBox(bytes: Buffer, type: string, from: number, to: number): { from: number; to: number } {
  for (let offset = from; offset + headerLength <= to; ) {
    const size = bytes.readUInt32BE(offset);
    if (bytes.toString("latin1", offset + 4, offset + headerLength) === type) {
      return { from: offset + headerLength, to: offset + size };
    }
    offset += Math.max(size, headerLength);
  }
  throw new Error(`there is no box ${type}`);
}
