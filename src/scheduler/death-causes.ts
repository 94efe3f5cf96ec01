import type { EventBus, ModelId } from "../events.ts";
import type { PendingWindow } from "./job.ts";

/** Remembers which windows ran in a process that died, and tells whose window explains its end. */
export class DeathCauses {
  readonly #model: string;
  readonly #modelId: ModelId;
  readonly #events: EventBus;

  constructor({ model, modelId, events }: { model: string; modelId: ModelId; events: EventBus }) {
    this.#model = model;
    this.#modelId = modelId;
    this.#events = events;
  }

  /** At the first of its runs that fails with the process. @param windows of all its runs, while all are known. */
  note(pid: number, windows: readonly PendingWindow[]): void {
    const isOneClients = new Set(windows.map(({ job }) => job.context.client.address)).size === 1;
    for (const window of windows) {
      if (!window.mustRunAlone && window.death?.pid !== pid) {
        window.death = { pid, isOneClients };
      }
    }
  }

  /** The window was alone with a second process that died. */
  tellPoison({ death, job }: PendingWindow, pid: number): void {
    this.#tell(job.context.client.address, death === null ? [pid] : [death.pid, pid]);
  }

  /** Nobody waits for it any more, so it is not tried alone: that only its client's windows ran has to do. */
  tellUnproven({ death, job }: PendingWindow): void {
    if (death?.isOneClients === true) {
      this.#tell(job.context.client.address, [death.pid]);
    }
  }

  #tell(client: string, pids: readonly number[]): void {
    this.#events.emit("window_poisoned", { model: this.#model, modelId: this.#modelId, pids, client });
  }
}
