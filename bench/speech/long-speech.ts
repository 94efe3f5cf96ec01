import { type Clip, rate, repeated } from "./clips.ts";
import { wavHeader } from "./wav-header.ts";

/** Repeated until the file is as long as wanted: some minutes of clips with pauses between them. */
const patternSeconds = 300;
/** What a piece of the body holds. */
const pieceSeconds = 10;

/** A WAV file of any length, made while it is sent: 16 kHz, mono, 16 bits. */
export function* longSpeech(clips: readonly Clip[], seconds: number): Generator<Uint8Array> {
  const pattern = bytesOf(repeated(clips, patternSeconds).samples);
  yield* wavOf(pattern, { rate, channels: 1, bytes: seconds * rate * 2 });
}

/** A WAV file of so many bytes that holds as little speech as such a file can: 192 kHz, stereo. */
export function* largeSpeech(clips: readonly Clip[], bytes: number): Generator<Uint8Array> {
  const largeRate = 192_000;
  const channels = 2;
  const copies = (largeRate / rate) * channels;
  const { samples } = repeated(clips, patternSeconds / 5);
  const pattern = new Int16Array(samples.length * copies);
  for (const [index, sample] of samples.entries()) {
    pattern.fill(sample, index * copies, (index + 1) * copies);
  }
  yield* wavOf(bytesOf(pattern), { rate: largeRate, channels, bytes });
}

function* wavOf(
  pattern: Buffer,
  file: { readonly rate: number; readonly channels: number; readonly bytes: number },
): Generator<Uint8Array> {
  yield wavHeader(file.rate, file.channels, file.bytes);
  const piece = pieceSeconds * file.rate * file.channels * 2;
  for (let at = 0; at < file.bytes; ) {
    const from = at % pattern.length;
    const length = Math.min(piece, file.bytes - at, pattern.length - from);
    yield pattern.subarray(from, from + length);
    at += length;
  }
}

function bytesOf(samples: Int16Array): Buffer {
  return Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
}
