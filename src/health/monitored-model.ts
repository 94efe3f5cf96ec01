import type { DeviceTiming } from "../device-timing.ts";
import type { ModelFolder } from "../model-store/model-folder.ts";
import type { ClientKey } from "../scheduler/request-context.ts";
import type { SpeechModel, SpeechWindowInput, TextModel } from "../tasks/served-model.ts";

/** What health asks of a served model, besides what any client may. */
export interface ModelInternals {
  readonly folder: ModelFolder;
  /** Why its processes cannot take work; empty when they can. May name paths. */
  stateDetail(): string;
  /** Why they compute elsewhere than the first of them did; empty when they do not. */
  deviceDetail(): string;
  /** Version of the ONNX Runtime whose CUDA provider computes it; null when none does. */
  readonly cudaRuntime: string | null;
  /** UUIDs of the devices on which its processes failed in a row, so that it does without them for a while. */
  readonly devicesSetAside: readonly string[];
  /** How fast the device is that it computes on; null where nobody looked, as on the CPU. */
  readonly deviceTiming: DeviceTiming | null;
  /** Pids of its processes. */
  readonly pids: readonly number[];
  /** For how long work has waited or run without a sign of life, in milliseconds; 0 without work. */
  stalledMs(now: number): number;
  /** Whether work of this client waits for its turn. */
  isWaiting(client: ClientKey): boolean;
  /** When anything last moved, on the clock of `performance.now()`. */
  readonly movedAt: number;
  /** Windows that the CPU computed for a device that had too little memory for them. */
  readonly cpuAnswers: number;
  /**
   * A silence of this length would be normal, in milliseconds: a multiple of what the longest window takes, or the longest
   * run under way.
   */
  readonly patienceMs: number;
  /**
   * What is under way may take this long without a sign of life, in milliseconds, where it begins with a long step that
   * gives none; 0 where runs have no such step, and without work.
   */
  readonly longestStepMs: number;
}

/** What the health of a speech model is asked with. */
export interface SpokenCanary {
  /** A short spoken clip, as the model reads it. */
  readonly canaryWindow: SpeechWindowInput;
}

export type MonitoredModel = (TextModel | (SpeechModel & SpokenCanary)) & ModelInternals;
