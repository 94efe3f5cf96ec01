import { type AudioFrame, ProtocolViolation, readAudioFrames } from "./audio-frames.ts";
import { type AudioStart, audioDescriptors, controlSigns } from "./audio-protocol.ts";
import type { AudioWorker } from "./audio-worker.ts";
import type { Sandbox } from "./sandbox.ts";
import { type Connection, type SecureProgram, SecureSubprocess, type SubprocessExit } from "./secure-subprocess.ts";

export interface AudioProcessOptions {
  readonly sandbox: Sandbox;
  readonly program: SecureProgram;
  /** Where decoded samples come from, when it does not decode itself. */
  readonly samples: Connection;
  /** The upload, for reading. */
  readonly uploadDescriptor: number;
}

const standardOutput = 1;
/** From the start to ready; a tenth of a second on an idle machine. */
const startTimeoutMs = 60_000;

/** One process that runs `src/audio/main.ts`. */
export class AudioProcess implements AudioWorker {
  readonly canSeek = true;
  readonly ready: Promise<void>;
  readonly #subprocess: SecureSubprocess;
  readonly #frames: AsyncGenerator<AudioFrame, void, void>;
  #isAtWork = false;
  /** Numbers in its largest message: it has none to say before it has work. */
  #mostValues = 0;
  #hasDecoderEnded = false;

  /** @throws Error when the system starts no process. */
  constructor({ sandbox, program, samples, uploadDescriptor }: AudioProcessOptions) {
    const others = ["pipe", uploadDescriptor] as const;
    this.#subprocess = new SecureSubprocess(sandbox, program, { input: samples, output: "pipe", others });
    this.#frames = readAudioFrames(this.#subprocess.readable(standardOutput), () => this.#mostValues);
    this.ready = this.#awaitReady();
    // Whoever only watches `exited` must not meet an unhandled rejection.
    this.ready.catch(() => {});
  }

  get pid(): number {
    return this.#subprocess.pid;
  }

  get exited(): Promise<SubprocessExit> {
    return this.#subprocess.exited;
  }

  async next(): Promise<AudioFrame | null> {
    const { value, done } = await this.#frames.next();
    return done === true ? null : value;
  }

  begin(start: AudioStart, limitMs: number): void {
    const sign = this.#hasDecoderEnded ? controlSigns.decoderEnd : "";
    this.#subprocess.writable(audioDescriptors.control).write(`${JSON.stringify(start)}\n${sign}`);
    this.#subprocess.limitTime(limitMs);
    this.#isAtWork = true;
    this.#mostValues = start.windows.melBins * start.windows.mostFrames;
  }

  announceGrowth(): void {
    const control = this.#subprocess.writable(audioDescriptors.control);
    // A sign that it has not taken yet says as much.
    if (this.#isAtWork && control.writable && control.writableLength === 0) {
      control.write(controlSigns.growth);
    }
  }

  /** Tells it, once it has work, that the end of its samples is the end of the sound. */
  announceDecoderEnd(): void {
    this.#hasDecoderEnded = true;
    const control = this.#subprocess.writable(audioDescriptors.control);
    if (this.#isAtWork && control.writable) {
      control.write(controlSigns.decoderEnd);
    }
  }

  kill(): void {
    this.#subprocess.kill();
  }

  async #awaitReady(): Promise<void> {
    const timer = setTimeout(() => this.kill(), startTimeoutMs);
    try {
      const frame = await this.next();
      if (frame === null) {
        const { exitCode, signal } = await this.#subprocess.closed();
        const said = this.#subprocess.errorText.trim();
        const how = `exit code ${exitCode}, signal ${signal}`;
        throw new Error(`an audio process ended before it was ready (${how}): ${said}`);
      }
      if (frame.message.type !== "ready") {
        throw new ProtocolViolation("an audio process said something before it was ready");
      }
    } finally {
      clearTimeout(timer);
    }
  }
}
