import type { AudioFrame } from "../../src/processes/audio-frames.ts";
import type { AudioMessage, AudioStart } from "../../src/processes/audio-protocol.ts";
import type { AudioWorker } from "../../src/processes/audio-worker.ts";
import type { SubprocessExit } from "../../src/processes/secure-subprocess.ts";

/** Stands in for the processes that decode an upload: a test says what they do, step by step. */
export class FakeWorker implements AudioWorker {
  readonly pid = 4711;
  readonly canSeek: boolean;
  readonly ready: Promise<void>;
  readonly exited: Promise<SubprocessExit>;
  /** What it was asked to do; null before. */
  start: AudioStart | null = null;
  growth = 0;
  wasKilled = false;
  readonly #ready = Promise.withResolvers<void>();
  readonly #exited = Promise.withResolvers<SubprocessExit>();
  readonly #frames: (AudioFrame | null)[] = [];
  #awaited: ((frame: AudioFrame | null) => void) | null = null;

  constructor(canSeek = true) {
    this.canSeek = canSeek;
    this.ready = this.#ready.promise;
    this.ready.catch(() => {});
    this.exited = this.#exited.promise;
  }

  becomeReady(): void {
    this.#ready.resolve();
  }

  /** It ends before it is ready; what it said is known once all of it was read. */
  fail(message: string): void {
    this.#exit(null, message);
  }

  send(message: AudioMessage, values: Float32Array = new Float32Array(0)): void {
    this.#put({ message, values });
  }

  /** Its process ends, by itself or by a signal. */
  end(signal: NodeJS.Signals | null = null): void {
    this.#exit(signal, "ended");
  }

  next(): Promise<AudioFrame | null> {
    const frame = this.#frames.shift();
    return frame === undefined ? new Promise((resolve) => (this.#awaited = resolve)) : Promise.resolve(frame);
  }

  begin(start: AudioStart): void {
    this.start = start;
  }

  announceGrowth(): void {
    this.growth++;
  }

  kill(): void {
    this.wasKilled = true;
    this.end("SIGKILL");
  }

  #exit(signal: NodeJS.Signals | null, message: string): void {
    this.#exited.resolve({ exitCode: signal === null ? 1 : null, signal, wasKilled: this.wasKilled });
    this.#put(null);
    // As with a real process: its exit is known before the end of its output.
    setImmediate(() => this.#ready.reject(new Error(message)));
  }

  #put(frame: AudioFrame | null): void {
    if (this.#awaited === null) {
      this.#frames.push(frame);
    } else {
      this.#awaited(frame);
      this.#awaited = null;
    }
  }
}
