import { ServiceError } from "../errors.ts";
import type { Deadline } from "../scheduler/deadline.ts";

/** Tells all stages of one request to stop, and why: its deadline has passed or its client has left. */
export class RequestSignal {
  readonly #controller = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /**
   * Aborts with `deadline_exceeded` when the deadline, which may grow meanwhile, passes; replaces an earlier deadline.
   * No-op once aborted.
   */
  setDeadline(deadline: Deadline): void {
    clearTimeout(this.#timer);
    if (this.signal.aborted) {
      return;
    }
    this.#timer = setTimeout(() => {
      if (deadline.isExpired()) {
        this.abort(new ServiceError("deadline_exceeded", "The deadline passed before the result was ready."));
      } else {
        this.setDeadline(deadline);
      }
    }, deadline.remainingMs());
  }

  /** The first reason counts; what comes later is ignored. */
  abort(reason: ServiceError): void {
    this.dispose();
    this.#controller.abort(reason);
  }

  /** Ends the timer. The request is over. */
  dispose(): void {
    clearTimeout(this.#timer);
  }

  /**
   * Settles like `work`, or rejects with the reason of the abort as soon as there is one, whether or not `work` heeds
   * the signal. A failure of work that was given up goes to `onLateFailure`.
   */
  race<Value>(work: Promise<Value>, onLateFailure: (error: unknown) => void): Promise<Value> {
    const { signal } = this;
    return new Promise((resolve, reject) => {
      const giveUp = (): void => reject(signal.reason as ServiceError);
      if (signal.aborted) {
        giveUp();
      } else {
        signal.addEventListener("abort", giveUp, { once: true });
      }
      work.then(
        (value) => {
          signal.removeEventListener("abort", giveUp);
          resolve(value);
        },
        (error: unknown) => {
          signal.removeEventListener("abort", giveUp);
          if (signal.aborted && error !== signal.reason) {
            onLateFailure(error);
          }
          reject(error);
        },
      );
    });
  }
}
