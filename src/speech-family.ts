import type { BatchNeed } from "./hardware/batch-need.ts";
import type { SpeechModel } from "./tasks/served-model.ts";

/** What a speech model has besides its graphs: what it takes, how it is asked, and how its answers are read. */
export interface SpeechFamily extends Pick<SpeechModel, "languages" | "detectsLanguage" | "windows" | "decode"> {
  /**
   * The tokens that ask for the transcript of a window of so many columns.
   * @param language one of its languages, or null.
   */
  promptFor(frames: number, language: string | null): Int32Array;
  /** What a batch of its longest windows takes on a device. */
  readonly batchNeed: BatchNeed;
  /** On a device a batch is one run, which cannot be interrupted, and not many steps. */
  readonly answersInOneRun: boolean;
}
