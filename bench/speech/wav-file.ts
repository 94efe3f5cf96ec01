import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Clip, rate } from "./clips.ts";
import { wavHeader } from "./wav-header.ts";

/** A clip on disk, for peers that take paths. */
export interface ClipFile {
  readonly path: string;
  readonly seconds: number;
  readonly text: string;
}

export function writeWav(folder: string, { name, samples, seconds, text }: Clip): ClipFile {
  const path = join(folder, `${name.replaceAll(/\W+/g, "-")}.wav`);
  writeFileSync(path, wavBytes(samples));
  return { path, seconds, text };
}

export function wavBytes(samples: Int16Array): Buffer {
  const data = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
  return Buffer.concat([wavHeader(rate, 1, data.length), data]);
}
