import { capture, headerBytes, longestPage, pageBytes } from "./ogg-page.ts";
import type { ReadAt } from "./read-at.ts";

const flagsOffset = 5;
const serialOffset = 14;
const numberOffset = 18;
const checksumOffset = 22;
const firstPageFlag = 2;
const lastPageFlag = 4;
const bufferBytes = 4 * longestPage;

/**
 * Whether a page of an Ogg file is missing or was changed: decoders leave such pages out and say nothing. Pages have a
 * checksum and a number each. False for other files, and for one that merely ends too early.
 */
export function hasDamagedOggPage(readAt: ReadAt, fileBytes: number): boolean {
  const pages = new PageBuffer(readAt);
  const numbers = new Map<number, number>();
  let isLast = false;
  for (let position = 0; position + headerBytes <= fileBytes; ) {
    const page = pages.at(position);
    if (page === null) {
      // What stands behind the end of the last stream belongs to none.
      return position > 0 && !isLast;
    }
    if (position + page.length > fileBytes) {
      return false;
    }
    const serial = page.readUInt32LE(serialOffset);
    const number = page.readUInt32LE(numberOffset);
    const flags = page.readUInt8(flagsOffset);
    const previous = (flags & firstPageFlag) === 0 ? numbers.get(serial) : undefined;
    if ((previous !== undefined && number !== (previous + 1) >>> 0) || !hasRightChecksum(page)) {
      return true;
    }
    numbers.set(serial, number);
    isLast = (flags & lastPageFlag) !== 0;
    position += page.length;
  }
  return false;
}

/** Reads ahead, because pages may be as small as their header. */
class PageBuffer {
  readonly #readAt: ReadAt;
  readonly #bytes = Buffer.alloc(bufferBytes);
  #start = 0;
  #end = 0;

  constructor(readAt: ReadAt) {
    this.#readAt = readAt;
  }

  /** The page that begins here, as long as it says that it is; null when none does. Overwritten by the next. */
  at(position: number): Buffer | null {
    if (position < this.#start || position + longestPage > this.#end) {
      this.#bytes.fill(0);
      this.#start = position;
      this.#end = position + this.#readAt(this.#bytes, position);
    }
    const page = this.#bytes.subarray(position - this.#start);
    return page.subarray(0, capture.length).equals(capture) ? page.subarray(0, pageBytes(page)) : null;
  }
}

const checksums = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte << 24;
  for (let bit = 0; bit < 8; bit++) {
    value = value < 0 ? (value << 1) ^ 0x04c1_1db7 : value << 1;
  }
  return value >>> 0;
});

/** CRC-32 with the polynomial 0x04c11db7, not reflected, over the page with zeros in place of its checksum (RFC 3533). */
function hasRightChecksum(page: Buffer): boolean {
  let value = 0;
  for (let at = 0; at < page.length; at++) {
    const isChecksum = at >= checksumOffset && at < checksumOffset + 4;
    const byte = isChecksum ? 0 : (page[at] ?? 0);
    value = (value << 8) ^ (checksums[(value >>> 24) ^ byte] ?? 0);
  }
  return value >>> 0 === page.readUInt32LE(checksumOffset);
}
