import type { AudioFrame } from "./audio-frames.ts";
import type { AudioStart } from "./audio-protocol.ts";
import type { SubprocessExit } from "./secure-subprocess.ts";

/** What decodes an upload, and may be more than one process: starting, ready, at work, gone. */
export interface AudioWorker {
  readonly pid: number;
  /** Whether it can decode an upload that must be read whole. */
  readonly canSeek: boolean;
  /** Rejects with what it said, for the operator, when it ends before it is ready. */
  readonly ready: Promise<void>;
  /** Resolves when nothing of it is left. */
  readonly exited: Promise<SubprocessExit>;
  /**
   * The next frame; null when it has ended. One call at a time; while there is none, it is paused.
   * @throws ProtocolViolation
   */
  next(): Promise<AudioFrame | null>;
  /** Gives it its work, and so long to live. */
  begin(start: AudioStart, limitMs: number): void;
  /** Tells it that the upload has grown or is complete. */
  announceGrowth(): void;
  kill(): void;
}
