import { mp4StartBoxes } from "./audio-formats.ts";

/** How an upload can be decoded: while it arrives, once it is complete, or not known before more of it is there. */
export type DecodingOrder = "streaming" | "whole-file" | "unknown";

/** Bytes after which the answer is never "unknown". */
export const mostSniffedBytes = 65_536;

const headerBytes = 8;
const longHeaderBytes = 16;

/**
 * Whether a file must be sought in: MP4 and its relatives, whose index (`moov`) may lie behind the sound (`mdat`). From
 * front to back they would open cleanly and give nothing. Walks the boxes at the start; of all other formats only CAF may
 * have to be sought in, too (`findCafDecodingOrder`).
 */
export function findDecodingOrder(start: Uint8Array, isComplete: boolean): DecodingOrder {
  const bytes = Buffer.from(start.buffer, start.byteOffset, start.byteLength);
  const ifTooShort = isComplete ? "streaming" : "unknown";
  if (bytes.length < headerBytes) {
    return ifTooShort;
  }
  if (!mp4StartBoxes.includes(boxType(bytes, 0))) {
    return "streaming";
  }
  for (let at = 0; ; ) {
    if (at + longHeaderBytes > bytes.length) {
      return bytes.length >= mostSniffedBytes || isComplete || at > mostSniffedBytes ? "whole-file" : "unknown";
    }
    const type = boxType(bytes, at);
    if (type === "moov" || type === "moof") {
      return "streaming";
    }
    const size = boxSize(bytes, at);
    if (type === "mdat" || !mp4StartBoxes.includes(type) || size < headerBytes) {
      return "whole-file";
    }
    at += size;
  }
}

function boxType(bytes: Buffer, at: number): string {
  return bytes.toString("latin1", at + 4, at + headerBytes);
}

/** 1 announces a longer number; 0, "to the end of the file", is too small to walk on. */
function boxSize(bytes: Buffer, at: number): number {
  const size = bytes.readUInt32BE(at);
  return size === 1 ? Number(bytes.readBigUInt64BE(at + headerBytes)) : size;
}
