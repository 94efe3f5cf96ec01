import type { ReadAt } from "./read-at.ts";

const headerBytes = 10;
const footerFlag = 0x10;
/** Tags that stand one behind the other; more are not looked for. */
const mostTags = 16;

/** Where a file begins behind its ID3v2 tags: 0 when it has none. */
export function skipId3Tags(readAt: ReadAt): number {
  const header = Buffer.alloc(headerBytes);
  let position = 0;
  for (let tags = 0; tags < mostTags; tags++) {
    header.fill(0);
    readAt(header, position);
    if (header.toString("latin1", 0, 3) !== "ID3") {
      break;
    }
    // Seven bits of each byte.
    const size = [6, 7, 8, 9].reduce((sum, at) => sum * 128 + (header.readUInt8(at) & 127), 0);
    const hasFooter = (header.readUInt8(5) & footerFlag) !== 0;
    position += headerBytes + size + (hasFooter ? headerBytes : 0);
  }
  return position;
}
