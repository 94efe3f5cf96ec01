import type { Job, PendingWindow } from "./job.ts";
import type { QueueLoad } from "./queue-admission.ts";
import type { ClientKey } from "./request-context.ts";

type Load = Omit<QueueLoad, "limit">;

interface Count {
  jobs: number;
  length: number;
}

/**
 * Counts the jobs that wait, and their lengths: together, by address and by client. A job waits until its last window was
 * dispatched, and again while one of them waits for the CPU. Owners without a waiting job are forgotten, so the maps stay as small as the queue.
 */
export class WaitingJobs {
  readonly #total: Count = { jobs: 0, length: 0 };
  readonly #addresses = new Map<string, Count>();
  readonly #clients = new Map<string, Count>();
  /** What of each job still waits, and since when. */
  readonly #jobs = new Map<Job, Count & { windows: number; readonly since: number }>();

  /** Since when the one that has waited longest has, on the clock of `performance.now()`; null when none waits. */
  get oldestSince(): number | null {
    // Maps keep the order of insertion.
    const { value } = this.#jobs.values().next();
    return value?.since ?? null;
  }

  add(job: Job): void {
    this.#jobs.set(job, { jobs: 1, length: job.length, windows: job.windows.length, since: job.submittedAt });
    this.#change(job, 1, job.length);
  }

  /** A window that was dispatched waits once more. @param now on the clock of `performance.now()`. */
  comeBack({ job, length }: PendingWindow, now: number): void {
    const left = this.#jobs.get(job);
    if (left === undefined) {
      this.#jobs.set(job, { jobs: 1, length, windows: 1, since: now });
      this.#change(job, 1, length);
    } else {
      left.windows++;
      left.length += length;
      this.#change(job, 0, length);
    }
  }

  /** A window was dispatched. */
  leave({ job, length }: PendingWindow): void {
    const left = this.#jobs.get(job);
    if (left === undefined) {
      return;
    }
    left.windows--;
    left.length -= length;
    this.#change(job, 0, -length);
    if (left.windows === 0) {
      this.remove(job);
    }
  }

  /** Nothing of the job waits any more. Idempotent. */
  remove(job: Job): void {
    const left = this.#jobs.get(job);
    if (left !== undefined) {
      this.#jobs.delete(job);
      this.#change(job, -left.jobs, -left.length);
    }
  }

  loads(client: ClientKey): { readonly jobs: Load; readonly length: Load } {
    const address = this.#addresses.get(client.address);
    const own = this.#clients.get(clientMapKey(client));
    return {
      jobs: { total: this.#total.jobs, address: address?.jobs ?? 0, client: own?.jobs ?? 0 },
      length: { total: this.#total.length, address: address?.length ?? 0, client: own?.length ?? 0 },
    };
  }

  #change(job: Job, jobs: number, length: number): void {
    const { client } = job.context;
    this.#total.jobs += jobs;
    this.#total.length += length;
    changeCount(this.#addresses, client.address, jobs, length);
    changeCount(this.#clients, clientMapKey(client), jobs, length);
  }
}

/** Addresses hold no line break, so the two parts cannot run into each other. */
function clientMapKey({ address, clientId }: ClientKey): string {
  return `${address}\n${clientId}`;
}

function changeCount(counts: Map<string, Count>, key: string, jobs: number, length: number): void {
  const count = counts.get(key) ?? { jobs: 0, length: 0 };
  count.jobs += jobs;
  count.length += length;
  if (count.jobs === 0) {
    counts.delete(key);
  } else {
    counts.set(key, count);
  }
}
