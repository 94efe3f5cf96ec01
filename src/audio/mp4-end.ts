import { mp4Boxes } from "../processes/audio-formats.ts";
import type { ReadAt } from "./read-at.ts";

const headerBytes = 8;
const longHeaderBytes = 16;
/** A fragment takes two boxes and a second or more: more of them are not walked over. */
const mostBoxes = 200_000;

/** Whether an MP4 file, or one of its relatives, ends within a box. False for other files. */
export function endsWithinMp4Box(readAt: ReadAt, fileBytes: number): boolean {
  const header = Buffer.alloc(longHeaderBytes);
  let position = 0;
  for (let boxes = 0; boxes < mostBoxes && position + headerBytes <= fileBytes; boxes++) {
    readAt(header, position);
    const size = header.readUInt32BE(0);
    const boxBytes = size === 1 ? Number(header.readBigUInt64BE(headerBytes)) : size;
    // What comes behind the last box is no box; 0 is one that goes on to the end of the file, whatever that is.
    if (!mp4Boxes.includes(header.toString("latin1", 4, headerBytes)) || boxBytes < headerBytes) {
      return false;
    }
    position += boxBytes;
  }
  return position > fileBytes;
}
