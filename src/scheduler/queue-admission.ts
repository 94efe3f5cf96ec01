/** How full a queue is, in one unit: jobs or their lengths. */
export interface QueueLoad {
  readonly limit: number;
  /** Waiting, all addresses together. */
  readonly total: number;
  /** Waiting, from this address. */
  readonly address: number;
  /** Waiting, from this client of this address. */
  readonly client: number;
}

/**
 * Whether one more job may wait.
 *
 * Dynamic thresholds (Choudhury and Hahne, IEEE/ACM Transactions on Networking, 1998): a client may hold as much of the
 * queue as is still free, an address twice as much. One client that floods gets half of the queue and leaves the other
 * half free; inventing client ids gets an address two thirds at most. So there is room for whoever comes next, and
 * `limit` is never passed by more than one job.
 */
export function hasRoom({ limit, total, address, client }: QueueLoad): boolean {
  const free = limit - total;
  return free > 0 && client < free && address < 2 * free;
}
