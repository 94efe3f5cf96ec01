import { randomNumbers } from "../../../test/helpers/random-numbers.ts";
import { zeros } from "../containers/id3.ts";
import { emptyAudio, file, type HostileFile, notAudio } from "../hostile-file.ts";

/** Bytes that are no file at all. */
export const nothing: readonly HostileFile[] = [
  file("empty.wav", "no byte", () => Buffer.alloc(0), emptyAudio),
  file("one-byte.wav", "one byte", () => Buffer.of(0x52), notAudio),
  { name: "zeros.wav", fault: "8 MiB of zeros", content: () => zeros(2 ** 23), expected: [notAudio] },
  file("random.wav", "1 MiB of random bytes", () => randomBytes(2 ** 20, 1), notAudio),
  file("random-2.mp3", "64 KiB of other random bytes", () => randomBytes(2 ** 16, 2), notAudio),
];

/** The same bytes for the same seed. */
export function randomBytes(count: number, seed: number): Buffer {
  const next = randomNumbers(seed);
  return Buffer.from(Array.from({ length: count }, () => Math.floor(next() * 256)));
}
