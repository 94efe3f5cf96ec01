import { ServiceError } from "../errors.ts";
import type { TextWorkerExitReason } from "../events.ts";
import type { RequestContext } from "../scheduler/request-context.ts";
import { type TextWorkerSettings, textWorkerEntry } from "./messages.ts";
import { maxSliceLength, PendingRequest, type Slice } from "./pending-request.ts";
import type { PreparedText } from "./prepared-text.ts";
import { TextThread, type WorkOutcome } from "./text-thread.ts";
import { Turns } from "./turns.ts";

export interface TextWorkerOptions extends TextWorkerSettings {
  /** The longest time for one text, or a message of small ones, in milliseconds; asked anew for each. */
  readonly timeLimitMs: () => number;
  /** A thread that had been ready was replaced. */
  readonly onRestart?: (reason: TextWorkerExitReason) => void;
  /** The thread's program, when it is not the usual one. */
  readonly entry?: URL;
}

/**
 * Tokenizes in a thread of its own, so that no text can keep the event loop busy. One thread, made anew when it dies.
 *
 * A request's texts go to the thread in slices. After each slice it is another's turn: another address's first, then
 * another client's of that address. Small slices of several requests share a message, which costs more than tokenizing a
 * short text. When a text takes too long or kills the thread, its request fails and the others go on in a fresh one.
 */
export class TextWorker {
  /** Resolves when the first thread has loaded the tokenizer; rejects with an `OperatorError` when it cannot. */
  readonly ready: Promise<void>;
  readonly #options: TextWorkerOptions;
  readonly #turns = new Turns<PendingRequest>();
  #thread: TextThread;
  /** What the thread has, or gets when it is ready; empty while nothing waits. */
  #inWork: readonly Slice[] = [];
  #isClosed = false;

  private constructor(options: TextWorkerOptions) {
    this.#options = options;
    this.#thread = this.#startThread();
    this.ready = this.#thread.ready;
  }

  static start(options: TextWorkerOptions): TextWorker {
    return new TextWorker(options);
  }

  /**
   * Tokens and windows of each text, in order. Rejects with `context.signal.reason` when that aborts, else with a
   * `ServiceError`: `deadline_exceeded` when a text takes longer than `timeLimitMs`, `internal_error` when the thread
   * fails, `draining` after `close`.
   */
  async prepare(texts: readonly string[], context: RequestContext): Promise<PreparedText[]> {
    context.signal.throwIfAborted();
    if (this.#isClosed) {
      throw closedError();
    }
    if (texts.length === 0) {
      return [];
    }
    const request = new PendingRequest(texts, context);
    const abort = (): void => {
      this.#turns.remove(request, request.path);
      request.fail(context.signal.reason);
    };
    context.signal.addEventListener("abort", abort, { once: true });
    this.#turns.add(request, request.path);
    void this.#serve();
    try {
      return await request.result;
    } finally {
      context.signal.removeEventListener("abort", abort);
    }
  }

  /** Ends the thread. What still waits fails with `draining`. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#failAll(closedError());
    await this.#thread.terminate();
  }

  async #serve(): Promise<void> {
    if (this.#inWork.length > 0) {
      return;
    }
    for (this.#inWork = this.#takeSlices(); this.#inWork.length > 0; this.#inWork = this.#takeSlices()) {
      await this.#serveSlices(this.#inWork);
    }
  }

  /** The slice whose turn it is, and those after it that fit into the same message. */
  #takeSlices(): Slice[] {
    const slices: Slice[] = [];
    let length = 0;
    for (let slice = this.#turns.peek()?.nextSlice; slice !== undefined; slice = this.#turns.peek()?.nextSlice) {
      length += slice.length;
      if (slices.length > 0 && length > maxSliceLength) {
        break;
      }
      this.#turns.take();
      slices.push(slice);
    }
    return slices;
  }

  async #serveSlices(taken: readonly Slice[]): Promise<void> {
    const thread = this.#liveThread();
    try {
      await thread.ready;
    } catch (cause) {
      // A start that fails would fail again for the others; the next request tries.
      this.#failAll(new ServiceError("internal_error", "The text worker could not start.", { cause }));
      return;
    }
    // The thread may have taken long to start: some are not waited for any more.
    const slices = taken.filter(({ request }) => !request.isSettled);
    if (slices.length > 0) {
      const texts = slices.flatMap((slice) => slice.texts);
      hand(slices, await thread.prepare(texts, this.#options.timeLimitMs()));
    }
    for (const { request } of slices) {
      if (!request.isSettled) {
        this.#turns.add(request, request.path);
      }
    }
    this.#liveThread();
  }

  /** The thread, or a fresh one when it has ended. */
  #liveThread(): TextThread {
    const reason = this.#thread.exitReason;
    if (reason !== null && !this.#isClosed) {
      this.#thread = this.#startThread();
      this.#options.onRestart?.(reason);
    }
    return this.#thread;
  }

  #startThread(): TextThread {
    const { entry, modelFolder, windowTokens, overlapTokens, foldsText } = this.#options;
    return new TextThread(entry ?? textWorkerEntry, { modelFolder, windowTokens, overlapTokens, foldsText });
  }

  #failAll(error: unknown): void {
    for (const { request } of this.#inWork) {
      request.fail(error);
    }
    for (let request = this.#turns.take(); request !== undefined; request = this.#turns.take()) {
      request.fail(error);
    }
  }
}

/** Gives each request its results, or the failure of its text. The rest of a message that failed stays to be prepared. */
function hand(slices: readonly Slice[], outcome: WorkOutcome): void {
  let first = 0;
  for (const { request, texts } of slices) {
    const end = first + texts.length;
    if ("results" in outcome) {
      request.deliver(outcome.results.slice(first, end));
    } else if (first <= outcome.failedText && outcome.failedText < end) {
      request.fail(outcome.error);
    }
    first = end;
  }
}

function closedError(): ServiceError {
  return new ServiceError("draining", "The service is shutting down.");
}
