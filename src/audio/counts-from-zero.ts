import { mp4StartBoxes } from "../processes/audio-formats.ts";
import type { ReadAt } from "./read-at.ts";

const matroska = Buffer.from([0x1a, 0x45, 0xdf, 0xa3]);
/** What an MP4 file, a relative of it or a fragment may begin with, behind four bytes of length. */
const boxes = [...mp4StartBoxes, "moof"];

/**
 * Whether a file's times count from 0, where players begin, even if none of its tracks begins there: Matroska and MP4. The
 * times of other files may begin anywhere.
 */
export function countsFromZero(readAt: ReadAt): boolean {
  const start = Buffer.alloc(8);
  readAt(start, 0);
  return start.subarray(0, 4).equals(matroska) || boxes.includes(start.toString("latin1", 4, 8));
}
