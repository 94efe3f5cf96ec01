import type { RequestIds } from "../events.ts";
import type { SpeechModel } from "../tasks/served-model.ts";
import type { transcribe } from "../tasks/transcribe.ts";

/** One upload on its way to windows of speech. */
export type AudioSession = Parameters<typeof transcribe>[1];

/** Where the bytes of uploads go. */
export interface AudioUploads {
  open(options: AudioUploadOptions, request: AudioUploadRequest): AudioSession;
  /** The `ServiceError` that an upload would meet now, or null. Cheap: asked before a body is read. */
  refusal(): Error | null;
}

export interface AudioUploadOptions {
  /** The windows to make of it. */
  readonly windows: SpeechModel["windows"];
  /** Longest audio accepted, in seconds. */
  readonly maxSeconds: number;
  /** Largest upload, in bytes. */
  readonly maxBytes: number;
  /** The client waits for the first words. */
  readonly isStreamed: boolean;
}

export interface AudioUploadRequest extends RequestIds {
  readonly signal: AbortSignal;
  /** Called now and then with the milliseconds of audio decoded so far. */
  readonly onProgress: (decodedMs: number) => void;
}
