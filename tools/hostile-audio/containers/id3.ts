import { ascii, concat, u32be } from "../bytes.ts";

const headerLength = 10;

/** The largest size that an ID3v2 header can state: 28 bits in four bytes of seven. */
export const largestTag = 2 ** 28 - 1;

/** Header of an ID3v2.3 tag. @param size Of what follows it. */
export function tagHeader(size: number): Buffer {
  return concat(
    ascii("ID3"),
    Buffer.of(3, 0, 0),
    Buffer.of(size >> 21, (size >> 14) & 0x7f, (size >> 7) & 0x7f, size & 0x7f),
  );
}

/** An ID3v2.3 tag with a cover picture of so many zero bytes, in pieces. */
export function* tagWithPicture(pictureBytes: number): Generator<Uint8Array> {
  const description = concat(Buffer.of(0), ascii("image/png"), Buffer.of(0, 3, 0));
  const frameSize = description.length + pictureBytes;
  yield tagHeader(headerLength + frameSize);
  yield concat(ascii("APIC"), u32be(frameSize), Buffer.alloc(2), description);
  yield* zeros(pictureBytes);
}

/** Zero bytes in pieces of a MiB. */
export function* zeros(count: number): Generator<Uint8Array> {
  const piece = Buffer.alloc(2 ** 20);
  for (let left = count; left > 0; left -= piece.length) {
    yield piece.subarray(0, Math.min(left, piece.length));
  }
}
