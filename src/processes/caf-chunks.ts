import { type DecodingOrder, mostSniffedBytes } from "./mp4-boxes.ts";

const headerBytes = 8;
const chunkHeaderBytes = 12;
/** Of the description of the sound, which is the first chunk: behind the sampling rate, the codec and its flags. */
const bytesPerPacketOffset = headerBytes + chunkHeaderBytes + 16;
const framesPerPacketOffset = bytesPerPacketOffset + 4;
const descriptionEnd = framesPerPacketOffset + 4;

/**
 * Whether a CAF file must be sought in; null for other files. Packets of unequal length can be told apart by the packet
 * table (`pakt`) only, which may lie behind the sound (`data`).
 */
export function findCafDecodingOrder(start: Uint8Array, isComplete: boolean): DecodingOrder | null {
  const bytes = Buffer.from(start.buffer, start.byteOffset, start.byteLength);
  if (bytes.toString("latin1", 0, 4) !== "caff") {
    return null;
  }
  if (bytes.length < descriptionEnd) {
    return isComplete ? "streaming" : "unknown";
  }
  if (bytes.readUInt32BE(bytesPerPacketOffset) > 0 && bytes.readUInt32BE(framesPerPacketOffset) > 0) {
    return "streaming";
  }
  for (let at = headerBytes; ; ) {
    if (at + chunkHeaderBytes > bytes.length) {
      return bytes.length >= mostSniffedBytes || isComplete || at > mostSniffedBytes ? "whole-file" : "unknown";
    }
    const type = bytes.toString("latin1", at, at + 4);
    const size = Number(bytes.readBigInt64BE(at + 4));
    if (type === "pakt") {
      return "streaming";
    }
    // The length of the sound may be -1, "to the end of the file".
    if (type === "data" || size < 0) {
      return "whole-file";
    }
    at += chunkHeaderBytes + size;
  }
}
