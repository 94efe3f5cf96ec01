import type { BatchNeed } from "./hardware/batch-need.ts";
import type { ModelVariant } from "./model-store/model-variants.ts";
import type { SpeechModel } from "./tasks/served-model.ts";

/** What a speech model has besides its graphs: what it takes, how it is asked, and how its answers are read. */
export interface SpeechFamily extends Pick<SpeechModel, "languages" | "detectsLanguage" | "windows" | "decode"> {
  /**
   * The tokens that ask for the transcript of a window of so many columns.
   * @param language one of its languages, or null.
   */
  promptFor(frames: number, language: string | null): Int32Array;
  /** How these of its graphs run on a device. */
  onDevice(variant: ModelVariant): DeviceRuns;
}

/** How batches run on a device. */
export interface DeviceRuns {
  /** What a batch of the longest windows takes. */
  readonly batchNeed: BatchNeed;
  /** What chunks of 30 s take in the encoder, of which a timed run is made. */
  readonly timedNeed: BatchNeed;
  /** A batch of the longest windows is one run, which cannot be interrupted, where a process can do that: it says so. */
  readonly answersInOneRun: boolean;
}
