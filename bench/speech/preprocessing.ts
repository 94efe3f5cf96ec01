import { fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Progress } from "../benchmark.ts";
import { projectRoot } from "../project.ts";
import { median } from "../statistics.ts";
import { figure, percent, type Table } from "../table.ts";
import { type Clip, rate, repeated } from "./clips.ts";
import type { PreprocessJob, PreprocessReport } from "./preprocess-message.ts";
import { wavBytes } from "./wav-file.ts";
import { wavHeader } from "./wav-header.ts";

/** Decoding, voice activity and features of a file, on one core. */
export interface Preprocessing {
  readonly format: string;
  readonly rounds: readonly PreprocessReport[];
  /** Length of the audio ÷ wall time, of the median round. */
  readonly timesRealTime: number;
}

/** Long enough that the start of the process does not count. */
const seconds = 600;

/** @param cpu Number of the only CPU that the audio stage may use. */
export async function measurePreprocessing(
  clips: readonly Clip[],
  folder: string,
  { cpu, rounds }: { readonly cpu: number; readonly rounds: number },
  progress: Progress,
): Promise<Preprocessing[]> {
  const files = writeFiles(clips, folder);
  const child = fork(fileURLToPath(new URL("./preprocess-process.ts", import.meta.url)), [], {
    execPath: "taskset",
    execArgv: ["-c", String(cpu), process.execPath],
  });
  await once(child, "message");
  const results = files.map(({ format, path }) => ({ format, path, rounds: [] as PreprocessReport[] }));
  for (let round = 1; round <= rounds; round++) {
    for (const result of results) {
      const job: PreprocessJob = { path: result.path };
      child.send(job);
      const [report] = (await once(child, "message")) as [PreprocessReport];
      result.rounds.push(report);
      progress(`preprocessing, round ${round}/${rounds}  ${result.format}: ${figure(speedOf(report))} × real time`);
    }
  }
  child.disconnect();
  return results.map(({ format, rounds: reports }) => ({
    format,
    rounds: reports,
    timesRealTime: median(reports.map(speedOf)),
  }));
}

export function preprocessingTable(all: readonly Preprocessing[]): Table {
  return {
    title: "Decoding, voice activity and features of 10 minutes on one core, the start of the process included",
    columns: ["", "× real time", "windows", "decoding", "voice activity", "features", "other"],
    rows: all.map(({ format, rounds, timesRealTime }) => {
      const { wallMs, decodeMs, voiceActivityMs, featuresMs, windows } = rounds[0] ?? nothing;
      const known = [decodeMs, voiceActivityMs, featuresMs];
      const other = wallMs - known.reduce((total, each) => total + each, 0);
      const shares = [...known, other].map((each) => percent(each / wallMs));
      return [format, figure(timesRealTime), String(windows), ...shares];
    }),
  };
}

const nothing: PreprocessReport = {
  audioMs: 0,
  windows: 0,
  wallMs: Number.NaN,
  decodeMs: 0,
  voiceActivityMs: 0,
  featuresMs: 0,
};

function speedOf({ audioMs, wallMs }: PreprocessReport): number {
  return audioMs / wallMs;
}

function writeFiles(clips: readonly Clip[], folder: string): { readonly format: string; readonly path: string }[] {
  const { samples } = repeated(clips, seconds);
  const contents = {
    "WAV, 16 kHz mono": wavBytes(samples),
    "WAV, 48 kHz stereo": stereoOf48Khz(samples),
    "MP3, 16 kHz mono": overAndOver("mp3-without-length.mp3"),
    "AAC, 16 kHz mono": overAndOver("aac.aac"),
  };
  return Object.entries(contents).map(([format, bytes], index) => {
    const path = join(folder, `preprocessing-${index}`);
    writeFileSync(path, bytes);
    return { format, path };
  });
}

function stereoOf48Khz(samples: Int16Array): Buffer {
  const copies = (48_000 / rate) * 2;
  const data = new Int16Array(samples.length * copies);
  for (const [index, sample] of samples.entries()) {
    data.fill(sample, index * copies, (index + 1) * copies);
  }
  return Buffer.concat([wavHeader(48_000, 2, data.byteLength), Buffer.from(data.buffer)]);
}

/** A stream of frames may be repeated as it is. */
function overAndOver(name: string): Buffer {
  const frames = readFileSync(join(projectRoot, "tools/hostile-audio/clips", name));
  const secondsOfClip = 1.8;
  return Buffer.concat(Array.from({ length: Math.ceil(seconds / secondsOfClip) }, () => frames));
}
