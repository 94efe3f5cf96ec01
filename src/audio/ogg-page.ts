/** What a page of an Ogg file begins with (RFC 3533). */
export const capture = Buffer.from("OggS");

/** Of the header, without the lengths of the segments; the last of them says how many there are. */
export const headerBytes = 27;

/** 255 segments of 255 bytes, their lengths, and the header. */
export const longestPage = headerBytes + 255 + 255 * 255;

/** Length of the page that begins here; longer than what is there when its header is cut too. */
export function pageBytes(page: Buffer): number {
  const segments = page.length < headerBytes ? 0 : page.readUInt8(headerBytes - 1);
  const lengths = page.subarray(headerBytes, headerBytes + segments);
  return headerBytes + segments + lengths.reduce((sum, length) => sum + length, 0);
}
