import { capture, longestPage, pageBytes } from "./ogg-page.ts";
import type { ReadAt } from "./read-at.ts";

/** Whether an Ogg file ends within a page. False for other files. */
export function endsWithinOggPage(readAt: ReadAt, fileBytes: number): boolean {
  const start = Buffer.alloc(capture.length);
  readAt(start, 0);
  if (!start.equals(capture)) {
    return false;
  }
  const end = Buffer.alloc(Math.min(longestPage, fileBytes));
  readAt(end, fileBytes - end.length);
  const page = end.lastIndexOf(capture);
  return page < 0 || page + pageBytes(end.subarray(page)) > end.length;
}
