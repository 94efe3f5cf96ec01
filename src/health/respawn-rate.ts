const minuteMs = 60_000;

/**
 * How often the processes of one model ended unexpectedly in the last minute. A window that was alone with the second
 * process that it killed explains both ends: all that one client explains so counts as one, else whoever finds a text
 * that crashes the model could make every instance of the service unready with a few requests.
 */
export class RespawnRate {
  /** When each process ended, by pid, in milliseconds. */
  readonly #exits = new Map<number, number>();
  /** Whose window explains it, and when that was found; it may be known before the end itself is. */
  readonly #explanations = new Map<number, { readonly client: string; readonly at: number }>();

  /** @param now milliseconds on any clock that never goes back, here and below. */
  exited(pid: number, now: number): void {
    this.#forgetOld(now);
    this.#exits.set(pid, now);
  }

  explain(pids: readonly number[], client: string, now: number): void {
    this.#forgetOld(now);
    for (const pid of pids) {
      this.#explanations.set(pid, { client, at: now });
    }
  }

  perMinute(now: number): number {
    this.#forgetOld(now);
    const clients = new Set<string>();
    let unexplained = 0;
    for (const pid of this.#exits.keys()) {
      const explanation = this.#explanations.get(pid);
      if (explanation === undefined) {
        unexplained++;
      } else {
        clients.add(explanation.client);
      }
    }
    return unexplained + clients.size;
  }

  #forgetOld(now: number): void {
    for (const [pid, at] of this.#exits) {
      if (now - at >= minuteMs) {
        this.#exits.delete(pid);
      }
    }
    for (const [pid, { at }] of this.#explanations) {
      if (now - at >= minuteMs) {
        this.#explanations.delete(pid);
      }
    }
  }
}
