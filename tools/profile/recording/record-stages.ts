import type { EventBus } from "../../../src/events.ts";
import { LocalTextModel } from "../../../src/local-text-model.ts";
import { AudioProcesses } from "../../../src/processes/audio-processes.ts";
import { InferenceProcess } from "../../../src/processes/inference-process.ts";
import type { WindowInput } from "../../../src/processes/protocol.ts";
import type { JobResult } from "../../../src/scheduler/job.ts";
import { Scheduler } from "../../../src/scheduler/scheduler.ts";
import { machineMs } from "./clock.ts";
import type { ApiRecording, AudioRecord, BatchRecord, RequestRecord, StageRecord } from "./recording.ts";

/** What the API process did, as far as it has ended. */
export class StageRecorder {
  readonly #requests: RequestRecord[] = [];
  readonly #stages: StageRecord[] = [];
  readonly #batches: BatchRecord[] = [];
  readonly #audio: AudioRecord[] = [];

  get recording(): Pick<ApiRecording, "requests" | "stages" | "batches" | "audio"> {
    return { requests: this.#requests, stages: this.#stages, batches: this.#batches, audio: this.#audio };
  }

  /**
   * Puts a clock around the stages, which tell durations but not when they were: around methods of their classes rather
   * than in them, so that a service that nobody profiles does not pay for it. Once, before the service is built.
   */
  timeStages(): void {
    this.#timeText();
    this.#timeSpeech();
    this.#timeScheduler();
    this.#timeBatches();
  }

  /** Notes the requests of a service. */
  listen(events: EventBus): void {
    const receivedMs = new Map<string, number>();
    events.on("request_received", ({ requestId }) => receivedMs.set(requestId, machineMs()));
    events.on("request_finished", ({ requestId, route, statusCode, inputLength, durationMs, isTask }) => {
      // Both are late when this process was made to wait before it got here; all stages lie behind the first.
      const startMs = Math.min(receivedMs.get(requestId) ?? Number.POSITIVE_INFINITY, machineMs() - durationMs);
      receivedMs.delete(requestId);
      if (isTask) {
        const endMs = startMs + durationMs;
        this.#requests.push({ requestId, route, status: statusCode, inputLength, startMs, endMs });
      }
    });
  }

  #timeText(): void {
    const stages = this.#stages;
    replaceMethod(LocalTextModel.prototype, "prepare", (prepare) => {
      return async function timedPrepare(this: LocalTextModel, texts, context) {
        const startMs = machineMs();
        const prepared = await prepare.call(this, texts, context);
        const windows = prepared.reduce((total, text) => total + text.windows.length, 0);
        const { requestId } = context;
        stages.push({ requestId, stage: "preprocess", windows, startMs, endMs: machineMs() });
        return prepared;
      };
    });
  }

  /** From the first byte until the last window was taken; the process itself is in its sandbox, and tells only sums. */
  #timeSpeech(): void {
    const stages = this.#stages;
    const audioRecords = this.#audio;
    replaceMethod(AudioProcesses.prototype, "open", (open) => {
      return function timedOpen(this: AudioProcesses, audio, request) {
        const startMs = machineMs();
        const session = open.call(this, audio, request);
        const note = async (): Promise<void> => {
          const { durationMs, decodeMs, voiceActivityMs, featuresMs } = await session.summary;
          const { requestId } = request;
          const times = { requestId, startMs, endMs: machineMs() };
          stages.push({ ...times, stage: "preprocess", windows: null });
          audioRecords.push({ ...times, audioMs: durationMs, decodeMs, voiceActivityMs, featuresMs });
        };
        // How it failed is told to the client.
        note().catch(() => {});
        return session;
      };
    });
  }

  #timeScheduler(): void {
    const note = (requestId: string, submittedMs: number, { queueMs, inferenceMs, outputs }: JobResult): void => {
      const dispatchedMs = submittedMs + queueMs;
      const common = { requestId, windows: outputs.length };
      this.#stages.push({ ...common, stage: "queue", startMs: submittedMs, endMs: dispatchedMs });
      this.#stages.push({ ...common, stage: "inference", startMs: dispatchedMs, endMs: dispatchedMs + inferenceMs });
    };
    for (const name of ["submit", "submitPart"] as const) {
      replaceMethod(Scheduler.prototype, name, (submit) => {
        return async function timedSubmit(this: Scheduler, inputs, context) {
          const submittedMs = machineMs();
          const result = await submit.call(this, inputs, context);
          note(context.requestId, submittedMs, result);
          return result;
        };
      });
    }
  }

  #timeBatches(): void {
    const batches = this.#batches;
    replaceMethod(InferenceProcess.prototype, "run", (run) => {
      return async function timedRun(this: InferenceProcess, inputs, limitMs, interruption) {
        const startMs = machineMs();
        const result = await run.call(this, inputs, limitMs, interruption);
        const longest = Math.max(...inputs.map(lengthOf));
        batches.push({ pid: this.pid, windows: inputs.length, longest, startMs, endMs: machineMs() });
        return result;
      };
    });
  }
}

function replaceMethod<Owner extends object, Name extends keyof Owner>(
  prototype: Owner,
  name: Name,
  change: (method: Owner[Name]) => Owner[Name],
): void {
  prototype[name] = change(prototype[name]);
}

function lengthOf(input: WindowInput): number {
  return input.kind === "text" ? input.inputIds.length : input.frames;
}
