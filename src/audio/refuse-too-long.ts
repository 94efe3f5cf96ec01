import { DecodeError, type Decoder } from "./decoder.ts";
import { readFlacLength } from "./flac-length.ts";
import { readMp3Length } from "./mp3-length.ts";
import type { ReadAt } from "./read-at.ts";

/**
 * Decodes nothing of a file that declares to be longer than `maxSeconds`: in the formats in which a day of silence takes
 * next to no bytes. One that lies is noticed later, by what comes out.
 */
export function* refuseTooLong(decoder: Decoder, readAt: ReadAt, maxSeconds: number): Decoder {
  const declaredMs = readFlacLength(readAt) ?? readMp3Length(readAt) ?? 0;
  if (declaredMs > 1000 * maxSeconds) {
    throw new DecodeError("too_long");
  }
  return yield* decoder;
}
