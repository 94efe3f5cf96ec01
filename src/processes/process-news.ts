import type { EventBus, ModelId, ProcessRole } from "../events.ts";
import type { InferenceProcess, ProcessExit } from "./inference-process.ts";

/** Whose processes they are. */
export interface ProcessOwner {
  readonly model: string;
  readonly modelId: ModelId;
  readonly events: EventBus;
}

/** Tells when inference processes of one model start, get ready and end. */
export class ProcessNews {
  readonly #owner: ProcessOwner;

  constructor(owner: ProcessOwner) {
    this.#owner = owner;
  }

  started({ pid }: InferenceProcess, role: ProcessRole | "fallback"): void {
    const { events, model } = this.#owner;
    events.emit("process_started", { model, pid, role });
  }

  /** @param startMs from its start, in milliseconds. */
  ready({ pid }: InferenceProcess, startMs: number): void {
    const { events, model } = this.#owner;
    events.emit("process_ready", { model, pid, startMs });
  }

  exited({ pid }: InferenceProcess, wasReady: boolean, exit: ProcessExit): void {
    const { events, model, modelId } = this.#owner;
    const { reason, exitCode, signal, killMs } = exit;
    // What a process says that was ready is about a client's window, but for the loss of its device.
    const detail = wasReady && reason !== "device_lost" ? null : exit.detail;
    events.emit("process_exited", { model, modelId, pid, reason, wasReady, exitCode, signal, killMs, detail });
  }
}
