import type { Job, PendingWindow } from "./job.ts";
import type { QueueLoad } from "./queue-admission.ts";
import type { ClientKey } from "./request-context.ts";

type Load = Omit<QueueLoad, "limit">;

interface Count {
  jobs: number;
  tokens: number;
}

/**
 * Counts jobs and tokens that wait: together, by address and by client. A job waits until its last window was
 * dispatched. Owners without a waiting job are forgotten, so the maps stay as small as the queue.
 */
export class WaitingJobs {
  readonly #total: Count = { jobs: 0, tokens: 0 };
  readonly #addresses = new Map<string, Count>();
  readonly #clients = new Map<string, Count>();
  /** What of each job still waits. */
  readonly #jobs = new Map<Job, Count & { windows: number }>();

  add(job: Job): void {
    this.#jobs.set(job, { jobs: 1, tokens: job.tokens, windows: job.windows.length });
    this.#change(job, 1, job.tokens);
  }

  /** A window was dispatched. */
  leave({ job, length }: PendingWindow): void {
    const left = this.#jobs.get(job);
    if (left === undefined) {
      return;
    }
    left.windows--;
    left.tokens -= length;
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
      this.#change(job, -left.jobs, -left.tokens);
    }
  }

  loads(client: ClientKey): { readonly jobs: Load; readonly tokens: Load } {
    const address = this.#addresses.get(client.address);
    const own = this.#clients.get(clientMapKey(client));
    return {
      jobs: { total: this.#total.jobs, address: address?.jobs ?? 0, client: own?.jobs ?? 0 },
      tokens: { total: this.#total.tokens, address: address?.tokens ?? 0, client: own?.tokens ?? 0 },
    };
  }

  #change(job: Job, jobs: number, tokens: number): void {
    const { client } = job.context;
    this.#total.jobs += jobs;
    this.#total.tokens += tokens;
    changeCount(this.#addresses, client.address, jobs, tokens);
    changeCount(this.#clients, clientMapKey(client), jobs, tokens);
  }
}

/** Addresses hold no line break, so the two parts cannot run into each other. */
function clientMapKey({ address, clientId }: ClientKey): string {
  return `${address}\n${clientId}`;
}

function changeCount(counts: Map<string, Count>, key: string, jobs: number, tokens: number): void {
  const count = counts.get(key) ?? { jobs: 0, tokens: 0 };
  count.jobs += jobs;
  count.tokens += tokens;
  if (count.jobs === 0) {
    counts.delete(key);
  } else {
    counts.set(key, count);
  }
}
