import { ServiceError } from "../errors.ts";
import type { EventBus, RequestIds } from "../events.ts";
import { audioFailure } from "./audio-failures.ts";
import { type AudioFrame, ProtocolViolation } from "./audio-frames.ts";
import type { AudioOptions, AudioWindow } from "./audio-processes.ts";
import type { AudioEnd, AudioWindowMessage, WindowShape } from "./audio-protocol.ts";
import type { AudioWorker } from "./audio-worker.ts";

export interface DecodeUploadOptions {
  readonly request: RequestIds;
  readonly audio: AudioOptions;
  readonly needsWholeFile: boolean;
  /** The worker for each attempt, from 1 on. */
  readonly worker: (attempt: number) => AudioWorker;
  readonly isComplete: () => boolean;
  /** The session is over: an end of the process means nothing. */
  readonly isClosed: () => boolean;
  /** Called now and then with the milliseconds of audio decoded so far. */
  readonly onProgress: (decodedMs: number) => void;
  readonly events: EventBus;
}

/** What was handed out: so many windows, the last of which ends there. */
interface Position {
  readonly index: number;
  readonly endMs: number;
}

/** A process that dies is replaced once. */
const mostAttempts = 2;
/** A process that has had all of the upload for so long and says nothing is stuck: it reports every second. */
const silenceLimitMs = 30_000;
/** Whatever it does, a process is ended that lives for so many times the longest audio, and this long at least. */
const lifetimeFactor = 4;
const shortestLifetimeMs = 3_600_000;

/**
 * Windows of an upload, in order, each once, and what the process says at the end. When the process dies, another
 * decodes the file from its start, finds the same windows and sends those that were not handed out yet.
 * @throws ServiceError
 */
export async function* decodeUpload(options: DecodeUploadOptions): AsyncGenerator<AudioWindow, AudioEnd, void> {
  let position: Position = { index: 0, endMs: 0 };
  for (let attempt = 1; attempt <= mostAttempts; attempt++) {
    const worker = options.worker(attempt);
    if (await becomesReady(worker)) {
      begin(worker, options, position.index);
      for (let frame = await next(worker, options); frame !== null; frame = await next(worker, options)) {
        const { message } = frame;
        if (message.type === "end") {
          return message;
        }
        if (message.type === "failed") {
          throw audioFailure(message.fault, options.audio.maxSeconds);
        }
        if (message.type === "window") {
          const window = toWindow(message, frame.values, options.audio.windows, position);
          position = { index: window.index + 1, endMs: window.segments.at(-1)?.endMs ?? position.endMs };
          yield window;
        }
        if (message.type === "progress") {
          options.onProgress(message.decodedMs);
        }
      }
    }
    const { exitCode, signal } = await worker.exited;
    if (options.isClosed()) {
      break;
    }
    const { requestId, traceId, spanId } = options.request;
    options.events.emit("audio_process_crashed", {
      requestId,
      traceId,
      spanId,
      pid: worker.pid,
      exitCode,
      signal,
      isReplaced: attempt < mostAttempts,
    });
  }
  throw new ServiceError("internal_error", "The audio process ended before the audio did.");
}

async function becomesReady(worker: AudioWorker): Promise<boolean> {
  try {
    await worker.ready;
    return true;
  } catch {
    // Its exit tells the same.
    worker.kill();
    return false;
  }
}

function begin(worker: AudioWorker, { audio, needsWholeFile }: DecodeUploadOptions, deliveredWindows: number): void {
  const { windows, maxSeconds, isStreamed } = audio;
  const lifetimeMs = Math.max(shortestLifetimeMs, lifetimeFactor * 1000 * maxSeconds);
  worker.begin({ windows, maxSeconds, needsWholeFile, isStreamed, deliveredWindows }, lifetimeMs);
}

/** The next frame; the process is killed when it has had everything for too long and is silent. */
async function next(worker: AudioWorker, { isComplete }: DecodeUploadOptions): Promise<AudioFrame | null> {
  let hadAll = isComplete();
  const timer = setInterval(() => {
    if (hadAll) {
      worker.kill();
    }
    // Silence while it waited for the upload is none of its own.
    hadAll = isComplete();
  }, silenceLimitMs);
  try {
    return await worker.next();
  } finally {
    clearInterval(timer);
  }
}

/** @throws ProtocolViolation when the message contradicts itself or what came before it. */
function toWindow(
  { index, frames, segments }: AudioWindowMessage,
  features: Float32Array,
  shape: WindowShape,
  position: Position,
): AudioWindow {
  let previousEndMs = position.endMs;
  const isInOrder = segments.every(([startMs, endMs]) => {
    const follows = startMs >= previousEndMs && endMs > startMs;
    previousEndMs = endMs;
    return follows;
  });
  if (index !== position.index || !fits(frames, shape) || features.length !== shape.melBins * frames || !isInOrder) {
    throw new ProtocolViolation("a window of the audio process contradicts what came before");
  }
  return {
    index,
    features,
    frames,
    segments: segments.map(([startMs, endMs, windowStartMs]) => ({ startMs, endMs, windowStartMs })),
  };
}

function fits(frames: number, { fewestFrames, mostFrames, frameStep }: WindowShape): boolean {
  return frames >= fewestFrames && frames <= mostFrames && frames % frameStep === 0;
}
