import type { ApiRecording, InferenceRecording, Interval } from "../recording/recording.ts";
import type { GraphProfile } from "./ort-profile.ts";

/** An inference process with the profiles of its graphs. */
export interface InferenceProfile {
  readonly recording: InferenceRecording;
  readonly graphs: readonly GraphProfile[];
}

/** Everything that was recorded of a profiled service. */
export interface Profile {
  readonly api: ApiRecording;
  readonly inference: readonly InferenceProfile[];
  /** From the first request that counts until the last answer: nothing is under way at either end. */
  readonly window: Interval;
}
