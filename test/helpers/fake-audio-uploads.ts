import { createHash } from "node:crypto";
import { ServiceError } from "../../src/errors.ts";
import type {
  AudioSession,
  AudioUploadOptions,
  AudioUploadRequest,
  AudioUploads,
} from "../../src/http/audio-uploads.ts";

/** Milliseconds of one of the fake's windows: one stretch of speech, without a pause to the next. */
const windowMs = 2_000;

const melBands = 80;
const fewestFrames = 1_500;

/** Makes sessions of uploads; tests look at what became of them, and say beforehand what they do. */
export class FakeAudioUploads implements AudioUploads {
  readonly sessions: FakeAudioSession[] = [];
  refuseWith: (() => Error | null) | null = null;
  /** Told to every session that is opened. */
  prepare: ((session: FakeAudioSession) => void) | null = null;

  open(options: AudioUploadOptions, request: AudioUploadRequest): FakeAudioSession {
    const session = new FakeAudioSession(options, request);
    this.sessions.push(session);
    this.prepare?.(session);
    return session;
  }

  refusal(): Error | null {
    return this.refuseWith?.() ?? null;
  }

  /** The one session that there was. */
  get session(): FakeAudioSession {
    const [session] = this.sessions;
    if (session === undefined || this.sessions.length > 1) {
      throw new Error(`There were ${this.sessions.length} sessions.`);
    }
    return session;
  }
}

/**
 * Audio in which every byte is a millisecond of speech: 2,000 of them are a window, and so is what is left at the end.
 * Bytes are 0 for silence: an upload of nothing else has no window.
 */
export class FakeAudioSession implements AudioSession {
  readonly options: AudioUploadOptions;
  readonly request: AudioUploadRequest;
  readonly summary;
  received = 0;
  /** Of all bytes that were written. */
  readonly hash = createHash("sha256");
  isEnded = false;
  isClosed = false;
  /** Settles when more may be written; at once when null. */
  writeWith: (() => Promise<void>) | null = null;
  /** What the windows end with as soon as there is anything. */
  failWith: Error | null = null;
  isPartial = false;
  readonly warnings: string[] = [];
  readonly #summary = Promise.withResolvers<Awaited<AudioSession["summary"]>>();
  #speechBytes = 0;
  #delivered = 0;
  #wakeUp: () => void = () => {};

  constructor(options: AudioUploadOptions, request: AudioUploadRequest) {
    this.options = options;
    this.request = request;
    this.summary = this.#summary.promise;
    this.summary.catch(() => {});
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.received += chunk.length;
    this.hash.update(chunk);
    this.#speechBytes += chunk.reduce((count, byte) => count + (byte === 0 ? 0 : 1), 0);
    this.#wakeUp();
    await this.writeWith?.();
  }

  end(): void {
    this.isEnded = true;
    this.#wakeUp();
  }

  close(): void {
    this.isClosed = true;
    this.#wakeUp();
  }

  get windows(): AudioSession["windows"] {
    return this.#windows();
  }

  async *#windows() {
    for (let index = 0; ; ) {
      if (this.failWith !== null && this.received > 0) {
        this.#summary.reject(this.failWith);
        throw this.failWith;
      }
      const left = this.#speechBytes - this.#delivered;
      if (this.isClosed) {
        return;
      } else if (left >= windowMs || (this.isEnded && left > 0)) {
        yield this.#window(index++, Math.min(left, windowMs));
      } else if (this.isEnded) {
        this.#end();
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wakeUp = resolve;
        });
      }
    }
  }

  #window(index: number, lengthMs: number) {
    const startMs = this.#delivered;
    this.#delivered += lengthMs;
    const segments = [{ startMs, endMs: startMs + lengthMs, windowStartMs: 0 }];
    return { index, features: new Float32Array(melBands * fewestFrames), frames: fewestFrames, segments };
  }

  #end(): void {
    if (this.received === 0) {
      const error = new ServiceError("empty_audio", "The file holds no sound.");
      this.#summary.reject(error);
      throw error;
    }
    this.#summary.resolve({
      durationMs: this.received,
      speechMs: this.#delivered,
      isPartial: this.isPartial,
      warnings: this.warnings,
      container: "wav",
      codec: "pcm_s16le",
      decodeMs: 3,
      voiceActivityMs: 2,
      featuresMs: 1,
    });
  }
}

/** So many milliseconds of the fake's speech. */
export function speech(milliseconds: number): Buffer {
  return Buffer.alloc(milliseconds, 1);
}

/** So many milliseconds of the fake's silence. */
export function silence(milliseconds: number): Buffer {
  return Buffer.alloc(milliseconds);
}
