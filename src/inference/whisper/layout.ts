import type { Decoder } from "../generation/decoder.ts";

/** The opened graphs of a model folder, in one of the layouts that Whisper models come in. */
export interface WhisperGraphs {
  /** Execution provider in use, such as `cpu`. */
  readonly device: string;
  /** Whether the encoder reads windows of any length; else all are of the full context. */
  readonly readsShortWindows: boolean;
  /** Runs the encoder over a spectrogram [melBins × frames]. The decoder it gives was fed nothing yet. */
  encode(features: Float32Array, frames: number): Promise<Decoder>;
  release(): Promise<void>;
}

/** The graphs' files, relative to the model folder. */
export interface GraphFiles {
  readonly encoder: string;
  readonly decoder: string;
}
