import type { AudioFrame } from "./audio-frames.ts";
import { AudioProcess } from "./audio-process.ts";
import type { AudioPrograms } from "./audio-programs.ts";
import type { AudioStart } from "./audio-protocol.ts";
import type { AudioWorker } from "./audio-worker.ts";
import { FfmpegReport } from "./ffmpeg-report.ts";
import type { Sandbox } from "./sandbox.ts";
import { SecureSubprocess, type SubprocessExit } from "./secure-subprocess.ts";
import type { SpoolFile } from "./spool-file.ts";
import { UploadFeeder } from "./upload-feeder.ts";

const standardInput = 0;
const standardOutput = 1;

/**
 * The `ffmpeg` program, which decodes, and an audio process, which takes the samples from it without a way through this
 * process. Each is in a sandbox of its own, and neither outlives the other. FFmpeg gets the upload through a pipe while it
 * arrives; an upload that cannot be read from front to back it gets as a file, once it is complete.
 *
 * A killed FFmpeg leaves samples that end like those of a whole file. What follows from the end is therefore held back
 * in the audio process until this one says that FFmpeg has ended by itself.
 */
export class FfmpegWorker implements AudioWorker {
  readonly canSeek: boolean;
  readonly ready: Promise<void>;
  readonly exited: Promise<SubprocessExit>;
  readonly #ffmpeg: SecureSubprocess;
  readonly #audio: AudioProcess;
  readonly #feeder: UploadFeeder | null;
  readonly #report = new FfmpegReport();
  #isAtWork = false;

  /** @throws Error as `SecureSubprocess` does. */
  constructor(sandbox: Sandbox, programs: AudioPrograms, upload: SpoolFile, needsWholeFile: boolean) {
    this.canSeek = needsWholeFile;
    this.#ffmpeg = new SecureSubprocess(sandbox, needsWholeFile ? programs.ffmpegOnFile : programs.ffmpegOnPipe, {
      input: needsWholeFile ? "ignore" : "pipe",
      output: "pipe",
      others: needsWholeFile ? [upload.readDescriptor] : [],
      onErrorText: (text) => this.#listen(text),
    });
    const samples = this.#ffmpeg.readable(standardOutput);
    const uploadDescriptor = upload.readDescriptor;
    try {
      this.#audio = new AudioProcess({ sandbox, program: programs.audio, samples, uploadDescriptor });
    } catch (error) {
      this.#ffmpeg.kill();
      throw error;
    } finally {
      // The audio process holds the other end now; nobody may read its samples here, or wait for its end in vain.
      samples.destroy();
    }
    this.#feeder = needsWholeFile ? null : new UploadFeeder(upload, this.#ffmpeg.writable(standardInput));
    this.exited = Promise.all([this.#audio.exited, this.#ffmpeg.exited]).then(([audio, ffmpeg]) =>
      causeOf(audio, ffmpeg),
    );
    this.ready = this.#awaitReady();
    this.ready.catch(() => {});
    void this.#audio.exited.then(() => this.#ffmpeg.kill());
    void this.#endWithFfmpeg();
  }

  get pid(): number {
    return this.#audio.pid;
  }

  async next(): Promise<AudioFrame | null> {
    const frame = await this.#audio.next();
    const type = frame?.message.type;
    return frame !== null && (type === "end" || type === "failed") ? this.#complete(frame) : frame;
  }

  begin(start: AudioStart, limitMs: number): void {
    this.#isAtWork = true;
    this.#audio.begin(start, limitMs);
    this.#ffmpeg.limitTime(limitMs);
    // Without its input it would wait for ever. Another attempt tells whether the file can be read.
    this.#feeder?.run().catch(() => this.kill());
  }

  announceGrowth(): void {
    this.#audio.announceGrowth();
    this.#feeder?.announceGrowth();
  }

  kill(): void {
    this.#ffmpeg.kill();
    this.#audio.kill();
  }

  async #awaitReady(): Promise<void> {
    try {
      await this.#audio.ready;
    } catch (error) {
      // Either half ends the other: the one that failed by itself knows why.
      const { exitCode, signal, wasKilled } = await this.#ffmpeg.exited;
      if (wasKilled) {
        throw error;
      }
      const how = `exit code ${exitCode}, signal ${signal}`;
      throw new Error(`ffmpeg ended before it had work (${how}): ${this.#ffmpeg.errorText.trim()}`, { cause: error });
    }
  }

  /** Passes on to the audio process how FFmpeg ended. */
  async #endWithFfmpeg(): Promise<void> {
    const exit = await this.#ffmpeg.closed();
    // On a whole file it begins at once, and may be done before the other process is ready.
    const hadWork = this.#isAtWork || this.canSeek;
    if (hadWork && this.#hasReported(exit)) {
      this.#audio.announceDecoderEnd();
    } else {
      this.#audio.kill();
    }
  }

  /** Whether FFmpeg lived to tell all that it had to tell. */
  #hasReported({ signal }: SubprocessExit): boolean {
    return signal === null || !this.#report.isPlausible;
  }

  #listen(text: string): void {
    this.#report.read(text);
    if (!this.#report.isPlausible) {
      // A sampling rate of 1 Hz turns a small file into days of sound.
      this.#ffmpeg.kill();
    }
  }

  /** The last message, with what FFmpeg knows; null when FFmpeg did not live to tell. */
  async #complete({ message, values }: AudioFrame): Promise<AudioFrame | null> {
    const isRefused = message.type === "failed" && message.fault !== "no_samples";
    if (isRefused) {
      // It may still be at work, on sound that nobody takes any more.
      this.#ffmpeg.kill();
    }
    const exit = await this.#ffmpeg.closed();
    if (!this.#report.isPlausible) {
      return { message: { type: "failed", fault: "absurd_parameters" }, values };
    }
    if (isRefused) {
      return { message, values };
    }
    if (!this.#hasReported(exit)) {
      return null;
    }
    return message.type === "end"
      ? { message: this.#report.complete(message, exit.exitCode), values }
      : { message: { type: "failed", fault: this.#report.fault() }, values };
  }
}

/**
 * How the half ended that did so by itself. Which exit was seen first says nothing: FFmpeg without a reader ends by itself,
 * perhaps before anybody looks. The audio process never ends of FFmpeg, but by our kill.
 */
function causeOf(audio: SubprocessExit, ffmpeg: SubprocessExit): SubprocessExit {
  return audio.wasKilled && !ffmpeg.wasKilled ? ffmpeg : audio;
}
