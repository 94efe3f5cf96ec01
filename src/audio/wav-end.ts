import type { ReadAt } from "./read-at.ts";

const headerBytes = 12;
const chunkHeaderBytes = 8;
/** More chunks before the sound are not walked over. */
const mostChunks = 64;
/** Programs that write to a pipe cannot know the length, and put in one of the largest numbers that fit. */
const smallestPlaceholder = 0x7f_ff_00_00;

/** Whether a WAV file has fewer bytes of sound than it declares. False for other files, and where it declares nothing. */
export function endsWithinWavData(readAt: ReadAt, fileBytes: number): boolean {
  const header = Buffer.alloc(headerBytes);
  readAt(header, 0);
  if (header.toString("latin1", 0, 4) !== "RIFF" || header.toString("latin1", 8, 12) !== "WAVE") {
    return false;
  }
  let position = headerBytes;
  for (let chunks = 0; chunks < mostChunks && position + chunkHeaderBytes <= fileBytes; chunks++) {
    readAt(header, position);
    const size = header.readUInt32LE(4);
    position += chunkHeaderBytes;
    if (header.toString("latin1", 0, 4) === "data") {
      return size < smallestPlaceholder && position + size > fileBytes;
    }
    // Chunks begin at even positions.
    position += size + (size % 2);
  }
  return false;
}
