import { join } from "node:path";
import { ServiceError } from "../errors.ts";
import type { EventBus, RequestIds } from "../events.ts";
import { openModelFolder } from "../model-store/model-folder.ts";
import { OperatorError } from "../operator-error.ts";
import { retryAfterMs } from "./audio-failures.ts";
import { AudioProcess } from "./audio-process.ts";
import { audioPrograms } from "./audio-programs.ts";
import type { WindowShape } from "./audio-protocol.ts";
import { AudioUpload } from "./audio-upload.ts";
import type { AudioWorker } from "./audio-worker.ts";
import { chooseSandbox } from "./choose-sandbox.ts";
import { CodeCache } from "./code-cache.ts";
import { FfmpegWorker } from "./ffmpeg-worker.ts";
import { missingDecoder } from "./missing-decoder.ts";
import { decideRestart, type RestartSettings } from "./restart-policy.ts";
import type { Sandbox } from "./sandbox.ts";
import { SpoolSpace } from "./spool-space.ts";
import { type StartWorker, WarmSpares } from "./warm-spares.ts";

export interface AudioOptions {
  readonly windows: WindowShape;
  /** Longest audio accepted, in seconds; more is `audio_too_long`. */
  readonly maxSeconds: number;
  /** Largest upload, in bytes; more is `payload_too_large`. */
  readonly maxBytes: number;
  /** Somebody waits for the first words: the first window is closed early. */
  readonly isStreamed: boolean;
}

/** One stretch of speech in a window. Whole milliseconds. */
export interface SpeechSegment {
  /** In the audio as uploaded. */
  readonly startMs: number;
  readonly endMs: number;
  /** In the window. */
  readonly windowStartMs: number;
}

export interface AudioWindow {
  /** Counts from 0, in the order of the audio, without gaps. */
  readonly index: number;
  /** Log-mel spectrogram [melBins × frames], row by row. */
  readonly features: Float32Array;
  /** 10 ms each; as many as the shape of windows allows. */
  readonly frames: number;
  /** At least one. */
  readonly segments: readonly SpeechSegment[];
}

export interface AudioSummary {
  readonly durationMs: number;
  readonly speechMs: number;
  /** The file was cut off or damaged: what is there was decoded. */
  readonly isPartial: boolean;
  /** Fixed sentences, nothing of the file. */
  readonly warnings: readonly string[];
  /** From a fixed list; "other" where the decoder names none of it. */
  readonly container: string;
  readonly codec: string;
  readonly decodeMs: number;
  readonly voiceActivityMs: number;
  readonly featuresMs: number;
}

/** One upload on its way to windows. Ends by itself, or by `close`, which kills its process at once. Idempotent. */
export interface AudioSession {
  /** Resolves when more may be written; never rejects: a failure is told by `windows` and `summary`. */
  write(chunk: Uint8Array): Promise<void>;
  /** The upload is complete. */
  end(): void;
  /**
   * To be read once; the process is paused while nobody reads. Throws ServiceError: `unsupported_media_type`,
   * `empty_audio`, `audio_too_long`, `payload_too_large`, `overloaded` (no disk space), `internal_error`, and the reason
   * of the request's signal.
   */
  readonly windows: AsyncIterable<AudioWindow>;
  /** Settles when the last window was read, or at the first failure. */
  readonly summary: Promise<AudioSummary>;
  close(): void;
}

/** What the audio stage needs to know of a request. */
export interface AudioRequest extends RequestIds {
  /** Aborted with a `ServiceError` as its reason when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** Called now and then with the milliseconds of audio decoded so far: of long silence nothing else is heard. */
  readonly onProgress: (decodedMs: number) => void;
}

export interface AudioSettings {
  readonly decoder: "node-av" | "ffmpeg";
  readonly maxSeconds: number;
  /** Uploads at a time. */
  readonly maxConcurrent: number;
  /** Bytes on disk that all uploads together may take. */
  readonly spoolBytes: number;
  readonly sandbox: "auto" | "require";
  /** Processes that wait for an upload. */
  readonly spares: number;
}

export interface AudioProcessesOptions {
  /** Read at every decision; `decoder`, `sandbox`, `spares` and `maxSeconds` at the start only. */
  readonly settings: () => AudioSettings;
  /** Folder of the service, absolute. */
  readonly root: string;
  readonly events: EventBus;
}

/** What there is once the stage has started. */
interface Running {
  readonly sandbox: Sandbox;
  readonly spares: WarmSpares;
  readonly startWorker: StartWorker;
}

/** What kept the stage from starting is seldom gone within a second, and costs little to look at again. */
const restart: RestartSettings = {
  backoffInitialMs: 1000,
  backoffMaxMs: 60_000,
  giveUpAfterFailures: Number.POSITIVE_INFINITY,
  giveUpRetryMs: 60_000,
};
const voiceActivityFolder = "models/silero-vad";

/** Keeps the processes that turn uploads into windows of speech: one per upload, in a sandbox, from a warm spare. */
export class AudioProcesses {
  readonly #options: AudioProcessesOptions;
  readonly #space: SpoolSpace;
  readonly #workers = new Set<AudioWorker>();
  readonly #sessions = new Set<AudioUpload>();
  #running: Running | null = null;
  #codeCache: CodeCache | null = null;
  #problem: string | null = null;
  #failures = 0;
  #timer: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(options: AudioProcessesOptions) {
    this.#options = options;
    this.#space = new SpoolSpace(() => options.settings().spoolBytes);
  }

  /** Layers that hold around each process; empty before the start, and where the system has none. */
  get sandbox(): readonly string[] {
    return this.#running?.sandbox ?? [];
  }

  /** What keeps audio from being decoded, for the operator; null when nothing does. */
  get problem(): string | null {
    return this.#problem ?? this.#running?.spares.problem ?? null;
  }

  /**
   * Finds the sandbox that works here and starts the spares. Where that fails, for want of a decoder perhaps, the service
   * runs on without audio: that is told by an `error_occurred` event, by `problem` and by `refusal`, and it is tried again
   * until it works. Resolves after the first attempt. To be called once.
   */
  async start(): Promise<void> {
    const { events, settings } = this.#options;
    try {
      const running = await this.#prepare(settings());
      if (!this.#isClosed) {
        this.#running = running;
        this.#problem = null;
        running.spares.fill();
        events.emit("audio_ready", { decoder: settings().decoder, sandbox: running.sandbox });
      } else {
        // It was closed meanwhile, and looked for nothing to remove.
        this.#codeCache?.remove();
      }
    } catch (error) {
      this.#problem = error instanceof OperatorError ? error.message : "the audio stage could not be started";
      events.emit("error_occurred", { where: "audio", error });
      this.#startAgain();
    }
  }

  /** Why no upload can be taken now; null when one can. */
  refusal(): Error | null {
    if (this.#isClosed) {
      return new ServiceError("draining", "The service is shutting down; try again.");
    }
    if (this.problem !== null) {
      return new ServiceError("circuit_open", "Audio cannot be decoded at the moment; try again later.", {
        retryAfterMs,
      });
    }
    if (this.#running === null) {
      return new ServiceError("model_loading", "The audio stage is starting; try again.", { retryAfterMs });
    }
    return this.#sessions.size < this.#options.settings().maxConcurrent
      ? null
      : new ServiceError("overloaded", "Too many uploads are being decoded; try again later.", { retryAfterMs });
  }

  /** @throws what `refusal` returns, or the reason of a signal that is aborted already. */
  open(audio: AudioOptions, request: AudioRequest): AudioSession {
    request.signal.throwIfAborted();
    const refusal = this.refusal();
    if (refusal !== null || this.#running === null) {
      throw refusal ?? new Error("the audio stage is not running");
    }
    const { spares, startWorker } = this.#running;
    const session: AudioUpload = new AudioUpload({
      audio,
      request,
      spare: spares.take(),
      space: this.#space,
      events: this.#options.events,
      startWorker,
      onClosed: () => this.#sessions.delete(session),
    });
    this.#sessions.add(session);
    return session;
  }

  /** Ends every process, and with them the sessions that are open; resolves when all are gone. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#timer !== null) {
      clearTimeout(this.#timer);
    }
    this.#running?.spares.close();
    for (const session of this.#sessions) {
      session.close();
    }
    await Promise.all([...this.#workers].map(({ exited }) => exited));
    this.#codeCache?.remove();
  }

  #startAgain(): void {
    if (!this.#isClosed) {
      const { delayMs } = decideRestart(++this.#failures, restart, Math.random());
      this.#timer = setTimeout(() => void this.start(), delayMs).unref();
    }
  }

  async #prepare({ decoder, sandbox: mode, maxSeconds, spares }: AudioSettings): Promise<Running> {
    const { root, events } = this.#options;
    const missing = missingDecoder(decoder, root);
    if (missing !== null) {
      throw new OperatorError(missing);
    }
    const { path } = await openModelFolder(join(root, voiceActivityFolder));
    const voiceActivityModel = join(path, "onnx/model.onnx");
    const programs = audioPrograms({ root, voiceActivityModel, decoder, maxSeconds });
    const sandbox = await chooseSandbox(programs.probes, mode);
    this.#codeCache ??= await CodeCache.build(sandbox, programs.audio);
    const startWorker: StartWorker = (upload, needsWholeFile) => {
      const audio = this.#codeCache?.readableBy(programs.audio) ?? programs.audio;
      return this.#watch(
        decoder === "ffmpeg"
          ? new FfmpegWorker(sandbox, { ...programs, audio }, upload, needsWholeFile)
          : new AudioProcess({
              sandbox,
              program: audio,
              samples: "ignore",
              uploadDescriptor: upload.readDescriptor,
            }),
      );
    };
    const onFailure = (error: unknown): void => events.emit("error_occurred", { where: "audio", error });
    return { sandbox, startWorker, spares: new WarmSpares({ count: spares, startWorker, onFailure }) };
  }

  #watch(worker: AudioWorker): AudioWorker {
    this.#workers.add(worker);
    void worker.exited.then(() => this.#workers.delete(worker));
    return worker;
  }
}
