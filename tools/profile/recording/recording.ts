import type { HeapProfiler } from "node:inspector";

/** What the processes of a profiled service write down when they end. Times are those of `clock.ts`. */

export interface Interval {
  readonly startMs: number;
  readonly endMs: number;
}

/** A pause in which the garbage collector stopped everything else. */
export interface Collection extends Interval {
  readonly kind: "minor" | "major" | "other";
}

/** Of one process, from the first request on. */
export interface ProcessRecording {
  readonly pid: number;
  /** Sites that allocated JavaScript memory, estimated from samples; those in other threads of the process are missing. */
  readonly heap: HeapProfiler.SamplingHeapProfile;
  readonly collections: readonly Collection[];
  /** Resident memory in bytes; the highest since the process started. */
  readonly residentBytes: { readonly before: number; readonly after: number; readonly highest: number };
  /** By how much timers were late, in milliseconds. */
  readonly loopDelayMs: { readonly p50: number; readonly p99: number; readonly max: number };
}

export interface RequestRecord extends Interval {
  readonly requestId: string;
  readonly route: string;
  readonly status: number;
  /** Code points of its texts; null for audio. */
  readonly inputLength: number | null;
}

/** Queue and inference of speech come once for each window. */
export interface StageRecord extends Interval {
  readonly requestId: string;
  readonly stage: "preprocess" | "queue" | "inference";
  /** Windows that it was about; null where they are not known yet. */
  readonly windows: number | null;
}

/** A batch as the API process sees it: from handing it to an inference process until its answer is there. */
export interface BatchRecord extends Interval {
  readonly pid: number;
  readonly windows: number;
  /** Of the longest window: tokens of text, or frames of audio. */
  readonly longest: number;
}

/** An upload in its audio process: decoding, voice activity and log-mel features, in milliseconds of work. */
export interface AudioRecord extends Interval {
  readonly requestId: string;
  readonly audioMs: number;
  readonly decodeMs: number;
  readonly voiceActivityMs: number;
  readonly featuresMs: number;
}

export interface ApiRecording extends ProcessRecording {
  readonly requests: readonly RequestRecord[];
  readonly stages: readonly StageRecord[];
  readonly batches: readonly BatchRecord[];
  readonly audio: readonly AudioRecord[];
}

/** A graph that an inference process opened. */
export interface SessionRecord {
  /** Relative to the model folder. */
  readonly graph: string;
  /** What the name of ONNX Runtime's own profile of it begins with. */
  readonly profilePrefix: string;
  /** Every call of `run`, warm-up included, in order. */
  readonly calls: readonly Interval[];
}

export interface InferenceRecording extends ProcessRecording {
  readonly model: string;
  /** Runs of the plugin; those of speech may overlap. */
  readonly runs: readonly Interval[];
  readonly sessions: readonly SessionRecord[];
}

/** Name of the API process's recording in the folder of recordings. */
export const apiFile = "api.json";

/** Name of an inference process's recording. */
export function inferenceFile(pid: number): string {
  return `inference-${pid}.json`;
}
