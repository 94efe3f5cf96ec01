import { readFileSync } from "node:fs";

const folder = new URL("../fixtures/audio/speech/", import.meta.url);

/** Bytes before the samples of a clip, each 16-bit PCM at 16 kHz. */
const headerBytes = 44;
const bytesPerMs = 32;

/** One of the clips of `test/fixtures/audio/speech` as it is. */
export function speechClip(name: string): Buffer {
  return readFileSync(new URL(name, folder));
}

/** The clips one after another in one file, with so much silence before each and at the end. */
export function speechFile(names: readonly string[], silenceMs: number): Buffer<ArrayBuffer> {
  const silence = Buffer.alloc(silenceMs * bytesPerMs);
  const samples = names.flatMap((name) => [silence, speechClip(name).subarray(headerBytes)]);
  return wavFile(Buffer.concat([...samples, silence]));
}

/** A file without a sound. */
export function silentFile(durationMs: number): Buffer<ArrayBuffer> {
  return wavFile(Buffer.alloc(durationMs * bytesPerMs));
}

function wavFile(samples: Buffer): Buffer<ArrayBuffer> {
  const header = Buffer.from(speechClip("hello-world.wav").subarray(0, headerBytes));
  header.writeUInt32LE(header.length - 8 + samples.length, 4);
  header.writeUInt32LE(samples.length, 40);
  return Buffer.concat([header, samples]);
}
