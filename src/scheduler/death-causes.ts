import type { EventBus, ModelId } from "../events.ts";
import type { PendingWindow, ProcessDeath } from "./job.ts";

/** A process that ended under its runs. */
export type DeadProcess = Pick<ProcessDeath, "pid" | "lostDevice">;

/**
 * Remembers which windows ran in a process that died, and tells whose window explains its end.
 *
 * A device that is lost is its own fault, or its driver's, until a second device is lost to the same window alone: where
 * one client sends all there is, a broken GPU would else be explained by its texts, and the model stay ready.
 */
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
  note({ pid, lostDevice }: DeadProcess, windows: readonly PendingWindow[]): void {
    const isOneClients = new Set(windows.map(({ job }) => job.context.client.address)).size === 1;
    for (const window of windows) {
      if (!window.hasFailed && window.death?.pid !== pid) {
        window.death = { pid, lostDevice, isOneClients };
      }
    }
  }

  /** The window was alone with a second process that died. */
  tellPoison({ death, job }: PendingWindow, second: DeadProcess): void {
    const lost = [death?.lostDevice ?? null, second.lostDevice];
    const areTwoDevices = new Set(lost.filter((device) => device !== null)).size === 2;
    if (areTwoDevices || lost.every((device) => device === null)) {
      this.#tell(job.context.client.address, death === null ? [second.pid] : [death.pid, second.pid]);
    }
  }

  /** Nobody waits for it any more, so it is not tried alone: that only its client's windows ran has to do. */
  tellUnproven({ death, job }: PendingWindow): void {
    if (death?.isOneClients === true && death.lostDevice === null) {
      this.#tell(job.context.client.address, [death.pid]);
    }
  }

  #tell(client: string, pids: readonly number[]): void {
    this.#events.emit("window_poisoned", { model: this.#model, modelId: this.#modelId, pids, client });
  }
}
