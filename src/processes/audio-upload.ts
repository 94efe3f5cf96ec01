import { ServiceError } from "../errors.ts";
import type { EventBus } from "../events.ts";
import { startFailure } from "./audio-failures.ts";
import type { AudioOptions, AudioRequest, AudioSession, AudioSummary, AudioWindow } from "./audio-processes.ts";
import { summarise } from "./audio-summary.ts";
import type { AudioWorker } from "./audio-worker.ts";
import { decodeUpload } from "./decode-upload.ts";
import type { SpoolSpace } from "./spool-space.ts";
import { UploadIntake } from "./upload-intake.ts";
import type { Spare, StartWorker } from "./warm-spares.ts";

export interface AudioUploadOptions {
  readonly audio: AudioOptions;
  readonly request: AudioRequest;
  readonly spare: Spare;
  readonly space: SpoolSpace;
  readonly events: EventBus;
  /** Starts another worker on the same upload. */
  readonly startWorker: StartWorker;
  /** Called once, when the session is over. */
  readonly onClosed: () => void;
}

/**
 * One upload on its way to windows: its bytes go to a file, a process reads them from there, and its windows are handed
 * out when they are asked for.
 */
export class AudioUpload implements AudioSession {
  readonly windows: AsyncIterable<AudioWindow>;
  readonly summary: Promise<AudioSummary>;
  readonly #options: AudioUploadOptions;
  readonly #intake: UploadIntake;
  readonly #outcome = Promise.withResolvers<AudioSummary>();
  readonly #abort = (): void => this.#finish(this.#options.request.signal.reason);
  #worker: AudioWorker;
  #isClosed = false;

  constructor(options: AudioUploadOptions) {
    this.#options = options;
    this.#worker = options.spare.worker;
    this.summary = this.#outcome.promise;
    // `windows` tells of failures too: nobody has to listen to both.
    this.summary.catch(() => {});
    this.#intake = new UploadIntake({
      file: options.spare.upload,
      space: options.space,
      maxBytes: options.audio.maxBytes,
      onGrowth: () => this.#worker.announceGrowth(),
      onFailure: (error) => this.#finish(error),
    });
    this.windows = this.#run();
    options.request.signal.addEventListener("abort", this.#abort, { once: true });
  }

  write(chunk: Uint8Array): Promise<void> {
    return this.#intake.write(chunk);
  }

  end(): void {
    this.#intake.end();
  }

  close(): void {
    this.#finish(new ServiceError("internal_error", "The audio session was closed."));
  }

  /** Whatever goes wrong, the first failure known is the one that is told. */
  async *#run(): AsyncGenerator<AudioWindow, void, void> {
    try {
      const needsWholeFile = (await Promise.race([this.#intake.order, this.summary])) === "whole-file";
      if (needsWholeFile) {
        await Promise.race([this.#intake.completed, this.summary]);
      }
      const end = yield* decodeUpload({
        request: this.#options.request,
        audio: this.#options.audio,
        needsWholeFile,
        worker: (attempt) => this.#workerFor(attempt, needsWholeFile),
        isComplete: () => this.#intake.isComplete,
        isClosed: () => this.#isClosed,
        onProgress: (decodedMs) => this.#options.request.onProgress(decodedMs),
        events: this.#options.events,
      });
      this.#outcome.resolve(summarise(end));
    } catch (error) {
      this.#outcome.reject(toServiceError(error));
    } finally {
      this.close();
    }
    await this.summary;
  }

  /** The spare at first, where it can do the work, and then another. */
  #workerFor(attempt: number, needsWholeFile: boolean): AudioWorker {
    const isSuited = attempt === 1 && (this.#worker.canSeek || !needsWholeFile);
    if (!isSuited && !this.#isClosed) {
      this.#worker.kill();
      this.#worker = this.#options.startWorker(this.#options.spare.upload, needsWholeFile);
    }
    return this.#worker;
  }

  /** Ends everything; after the outcome is settled, the failure means nothing any more. */
  #finish(failure: unknown): void {
    if (this.#isClosed) {
      return;
    }
    this.#isClosed = true;
    this.#outcome.reject(toServiceError(failure));
    this.#worker.kill();
    this.#intake.close();
    this.#options.request.signal.removeEventListener("abort", this.#abort);
    this.#options.onClosed();
  }
}

function toServiceError(error: unknown): ServiceError {
  const failure = startFailure(error);
  return failure instanceof ServiceError
    ? failure
    : new ServiceError("internal_error", "The audio process failed.", { cause: failure });
}
