import type { AudioSession, AudioSummary, AudioWindow } from "../../src/processes/audio-processes.ts";

/**
 * An audio session without a process: its windows come when the test says so. Each holds its index as its only feature,
 * so that a fake model can tell them apart.
 */
export class FakeAudioSession implements AudioSession {
  readonly written: Uint8Array[] = [];
  readonly windows: AsyncIterable<AudioWindow>;
  readonly summary: Promise<AudioSummary>;
  /** Windows that were asked for. */
  pulls = 0;
  isEnded = false;
  isClosed = false;
  readonly #summary = Promise.withResolvers<AudioSummary>();
  readonly #ready: AudioWindow[] = [];
  #failure: Error | null = null;
  #isComplete = false;
  #nextIndex = 0;
  #changed = Promise.withResolvers<void>();

  constructor() {
    this.summary = this.#summary.promise;
    this.summary.catch(() => {});
    this.windows = { [Symbol.asyncIterator]: () => ({ next: () => this.#next() }) };
  }

  /** A whole file: windows of the given stretches of speech, then the end. */
  static of(windows: readonly (readonly (readonly [startMs: number, endMs: number])[])[]): FakeAudioSession {
    const session = new FakeAudioSession();
    windows.forEach((stretches) => session.hear(...stretches));
    session.complete();
    return session;
  }

  /** The next window, with these stretches of speech. */
  hear(...stretches: readonly (readonly [startMs: number, endMs: number])[]): void {
    const index = this.#nextIndex++;
    const segments = stretches.map(([startMs, endMs]) => ({ startMs, endMs, windowStartMs: 0 }));
    this.#ready.push({ index, features: Float32Array.of(index), frames: 1_500, segments });
    this.#change();
  }

  /** No window comes any more. */
  complete(changes: Partial<AudioSummary> = {}): void {
    this.#isComplete = true;
    this.#summary.resolve({
      durationMs: 10_000,
      speechMs: 8_000,
      isPartial: false,
      warnings: [],
      container: "wav",
      codec: "pcm_s16le",
      decodeMs: 10,
      voiceActivityMs: 20,
      featuresMs: 30,
      ...changes,
    });
    this.#change();
  }

  fail(error: Error): void {
    this.#failure = error;
    this.#summary.reject(error);
    this.#change();
  }

  write(chunk: Uint8Array): Promise<void> {
    this.written.push(chunk);
    return Promise.resolve();
  }

  end(): void {
    this.isEnded = true;
  }

  close(): void {
    this.isClosed = true;
  }

  async #next(): Promise<IteratorResult<AudioWindow, undefined>> {
    this.pulls++;
    for (;;) {
      const window = this.#ready.shift();
      if (window !== undefined) {
        return { done: false, value: window };
      }
      if (this.#failure !== null) {
        throw this.#failure;
      }
      if (this.#isComplete) {
        return { done: true, value: undefined };
      }
      await this.#changed.promise;
    }
  }

  #change(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
