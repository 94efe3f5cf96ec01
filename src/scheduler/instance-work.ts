import type { InferenceProcess } from "../processes/inference-process.ts";
import type { PendingWindow } from "./job.ts";

/** The windows of one run. */
export type Batch = readonly PendingWindow[];

/** Windows times the length of the longest. */
export function paddedLengthOf(batch: Batch): number {
  return batch.length * Math.max(...batch.map(({ length }) => length));
}

/**
 * What the instances of one model work on. An instance that was added is idle, busy with a run or several, or retiring: busy,
 * and given nothing more. A process that was never added, such as the one on the CPU beside a device, is only ever busy.
 */
export class InstanceWork {
  readonly #instances = new Set<InferenceProcess>();
  readonly #idle = new Set<InferenceProcess>();
  readonly #running = new Map<InferenceProcess, Set<Batch>>();
  /** What to do when the last run has ended. */
  readonly #retiring = new Map<InferenceProcess, () => void>();

  /** Instances that run, retiring ones included. */
  get instanceCount(): number {
    return this.#instances.size;
  }

  get idle(): ReadonlySet<InferenceProcess> {
    return this.#idle;
  }

  get isAnyBusy(): boolean {
    return this.#running.size > 0;
  }

  /** The batches that each busy process works on. */
  get running(): ReadonlyMap<InferenceProcess, ReadonlySet<Batch>> {
    return this.#running;
  }

  /** What all busy processes work on. */
  get underWay(): Batch[] {
    return [...this.#running.values()].flatMap((batches) => [...batches]);
  }

  /** When a busy process last gave a sign of progress, on the clock of `performance.now()`; 0 without any. */
  get lastSignAt(): number {
    return Math.max(0, ...[...this.#running.keys()].map(({ lastSignAt }) => lastSignAt));
  }

  /** A ready process becomes an instance; it is forgotten when it exits. */
  add(instance: InferenceProcess): void {
    this.#instances.add(instance);
    this.#idle.add(instance);
    void instance.exited.then(() => {
      this.#instances.delete(instance);
      this.#idle.delete(instance);
    });
  }

  /** The instance is given nothing more. Resolves when it works on nothing. */
  retire(instance: InferenceProcess): Promise<void> {
    this.#idle.delete(instance);
    if (!this.#running.has(instance)) {
      return Promise.resolve();
    }
    return new Promise((resolve) => this.#retiring.set(instance, resolve));
  }

  isRetiring(instance: InferenceProcess): boolean {
    return this.#retiring.has(instance);
  }

  /** It was killed and its exit is on the way: a batch given to it would count as died with it. */
  drop(instance: InferenceProcess): void {
    this.#idle.delete(instance);
  }

  batchesOf(process: InferenceProcess): Batch[] {
    return [...(this.#running.get(process) ?? [])];
  }

  begin(process: InferenceProcess, batch: Batch): void {
    this.#idle.delete(process);
    const batches = this.#running.get(process) ?? new Set();
    this.#running.set(process, batches.add(batch));
  }

  /** A run has ended; after its last one an instance is idle again, or has retired. */
  end(process: InferenceProcess, batch: Batch): void {
    const batches = this.#running.get(process);
    batches?.delete(batch);
    if (batches?.size !== 0) {
      return;
    }
    this.#running.delete(process);
    const leave = this.#retiring.get(process);
    if (leave !== undefined) {
      this.#retiring.delete(process);
      leave();
    } else if (process.isReady && this.#instances.has(process)) {
      this.#idle.add(process);
    }
  }
}
