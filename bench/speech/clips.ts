import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../project.ts";

/** Hertz. What every peer takes without converting. */
export const rate = 16_000;

export interface Clip {
  readonly name: string;
  /** Mono, 16 kHz. */
  readonly samples: Int16Array;
  readonly seconds: number;
  /** What is said. */
  readonly text: string;
}

/**
 * Spoken clips with their texts.
 * @param folder Holds WAV files (PCM of 16 bits, mono, 16 kHz) and `transcripts.tsv`: under a line of headings, one for
 * each file with its name, a tab, and what is said. The clips of the tests when it is null.
 */
export function readClips(folder: string | null): Clip[] {
  const path = folder ?? committedClips;
  const [, ...lines] = readFileSync(join(path, "transcripts.tsv"), "utf8").trimEnd().split("\n");
  return lines.map((line) => {
    const [name = "", text = ""] = line.split("\t");
    const samples = readWav(readFileSync(join(path, name)), name);
    return { name, samples, seconds: samples.length / rate, text };
  });
}

/** Clip after clip with pauses between them, over and over, until it is that long. */
export function repeated(clips: readonly Clip[], seconds: number): Clip {
  const samples = new Int16Array(Math.round(seconds * rate));
  const texts: string[] = [];
  let at = 0;
  for (let next = 0; ; next++) {
    const clip = clips[next % clips.length];
    if (clip === undefined || at + clip.samples.length > samples.length) {
      return { name: `${seconds} s`, samples, seconds, text: texts.join(" ") };
    }
    samples.set(clip.samples, at);
    texts.push(clip.text);
    at += clip.samples.length + pauseSamples;
  }
}

const committedClips = join(projectRoot, "test/fixtures/audio/speech");
const pauseSamples = 0.8 * rate;

function readWav(file: Buffer, name: string): Int16Array {
  const chunks = chunksOf(file);
  const format = chunks.get("fmt ");
  const data = chunks.get("data");
  if (format === undefined || data === undefined) {
    throw new Error(`${name} is no WAV file`);
  }
  const found = { tag: format.readUInt16LE(0), channels: format.readUInt16LE(2), rate: format.readUInt32LE(4) };
  if (found.tag !== 1 || found.channels !== 1 || found.rate !== rate || format.readUInt16LE(14) !== 16) {
    throw new Error(`${name} is not PCM of 16 bits, mono, with 16 kHz`);
  }
  return new Int16Array(Uint8Array.from(data.subarray(0, data.length & ~1)).buffer);
}

function chunksOf(file: Buffer): ReadonlyMap<string, Buffer> {
  const chunks = new Map<string, Buffer>();
  for (let at = 12; at + 8 <= file.length; ) {
    const size = file.readUInt32LE(at + 4);
    chunks.set(file.toString("latin1", at, at + 4), file.subarray(at + 8, at + 8 + size));
    at += 8 + size + (size % 2);
  }
  return chunks;
}
