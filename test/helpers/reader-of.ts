import type { ReadAt } from "../../src/audio/read-at.ts";

/** Reads from bytes in memory as from a file. */
export function readerOf(bytes: Uint8Array): ReadAt {
  return (target, position) => {
    const piece = bytes.subarray(position, position + target.length);
    target.set(piece);
    return piece.length;
  };
}
