import { ServiceError } from "../errors.ts";
import type { TextWorkerExitReason } from "../events.ts";
import type { RequestContext } from "../scheduler/request-context.ts";
import { type TextWorkerSettings, textWorkerEntry } from "./messages.ts";
import { maxSliceLength, PendingRequest, type Slice } from "./pending-request.ts";
import type { PreparedText } from "./prepared-text.ts";
import { TextThread, type WorkOutcome } from "./text-thread.ts";
import { Turns } from "./turns.ts";

export interface TextWorkerOptions extends TextWorkerSettings {
  /** 1 or more. */
  readonly threads: number;
  /** The longest time for one text, or a message of small ones, in milliseconds; asked anew for each. */
  readonly timeLimitMs: () => number;
  /** A thread that had been ready was replaced. */
  readonly onRestart?: (reason: TextWorkerExitReason) => void;
  /** The thread's program, when it is not the usual one. */
  readonly entry?: URL;
}

/** A place for one thread, which is made anew when it dies. */
interface Lane {
  thread: TextThread;
  /** What the thread has. */
  inWork: readonly Slice[];
  /** It has work, or looks for some, or waits for its thread to be ready for some. */
  isServing: boolean;
}

/**
 * Tokenizes in threads of its own, so that no text can keep the event loop busy.
 *
 * A request's texts go to a thread in slices, one at a time. After each slice it is another's turn: another address's
 * first, then another client's of that address. Small slices of several requests share a message, which costs more than
 * tokenizing a short text. When a text takes too long or kills its thread, its request fails and the others go on, in
 * another thread or a fresh one.
 */
export class TextWorker {
  /** Resolves when the first threads have loaded the tokenizer; rejects with an `OperatorError` when one cannot. */
  readonly ready: Promise<void>;
  readonly #options: TextWorkerOptions;
  readonly #turns = new Turns<PendingRequest>();
  readonly #lanes: readonly Lane[];
  #isClosed = false;

  private constructor(options: TextWorkerOptions) {
    this.#options = options;
    this.#lanes = Array.from({ length: options.threads }, () => ({
      thread: this.#startThread(),
      inWork: [],
      isServing: false,
    }));
    this.ready = Promise.all(this.#lanes.map(({ thread }) => thread.ready)).then(() => undefined);
    // Whoever needs the threads awaits `ready` and meets the rejection; nobody may need them yet.
    this.ready.catch(() => undefined);
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
    this.#wakeOne();
    try {
      return await request.result;
    } finally {
      context.signal.removeEventListener("abort", abort);
    }
  }

  /** Ends the threads. What still waits fails with `draining`. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#failAll(closedError());
    await Promise.all(this.#lanes.map(({ thread }) => thread.terminate()));
  }

  /** Has one lane more look for work, rather one whose thread lives; when all do, one of them finds it. */
  #wakeOne(): void {
    const idle = this.#lanes.filter(({ isServing }) => !isServing);
    const lane = idle.find(isAlive) ?? idle[0];
    if (lane !== undefined) {
      void this.#serve(lane);
    }
  }

  async #serve(lane: Lane): Promise<void> {
    lane.isServing = true;
    let failure: unknown = null;
    while (!this.#turns.isEmpty && failure === null) {
      const thread = this.#liveThread(lane);
      // Work is taken when the thread can begin with it: meanwhile another one may.
      failure = await thread.ready.then(
        () => null,
        (error: unknown) => error,
      );
      if (failure === null) {
        lane.inWork = this.#takeSlices();
        await this.#serveSlices(thread, lane.inWork);
        lane.inWork = [];
        // A thread that died has a successor before somebody waits for it.
        this.#liveThread(lane);
      }
    }
    lane.isServing = false;
    if (failure !== null) {
      this.#goOnWithout(lane, failure);
    }
  }

  /** Its thread could not start. With no other thread, another start would fail again for all; the next request tries. */
  #goOnWithout(lane: Lane, cause: unknown): void {
    const others = this.#lanes.filter((other) => other !== lane && isAlive(other));
    if (others.length === 0) {
      this.#failAll(new ServiceError("internal_error", "The text worker could not start.", { cause }));
      return;
    }
    const idle = others.find(({ isServing }) => !isServing);
    if (idle !== undefined) {
      void this.#serve(idle);
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

  async #serveSlices(thread: TextThread, slices: readonly Slice[]): Promise<void> {
    if (slices.length === 0) {
      return;
    }
    const texts = slices.flatMap((slice) => slice.texts);
    hand(slices, await thread.prepare(texts, this.#options.timeLimitMs()));
    for (const { request } of slices) {
      if (!request.isSettled) {
        this.#turns.add(request, request.path);
      }
    }
  }

  /** The lane's thread, or a fresh one when it has ended. */
  #liveThread(lane: Lane): TextThread {
    const reason = lane.thread.exitReason;
    if (reason !== null && !this.#isClosed) {
      lane.thread = this.#startThread();
      this.#options.onRestart?.(reason);
    }
    return lane.thread;
  }

  #startThread(): TextThread {
    const { entry, modelFolder, windowTokens, overlapTokens, foldsText } = this.#options;
    return new TextThread(entry ?? textWorkerEntry, { modelFolder, windowTokens, overlapTokens, foldsText });
  }

  #failAll(error: unknown): void {
    for (const { request } of this.#lanes.flatMap(({ inWork }) => inWork)) {
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

function isAlive({ thread }: Lane): boolean {
  return thread.exitReason === null;
}

function closedError(): ServiceError {
  return new ServiceError("draining", "The service is shutting down.");
}
