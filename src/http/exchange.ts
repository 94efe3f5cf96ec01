import type { Bill } from "../admission/bill.ts";
import type { Permit } from "../admission/concurrency-limit.ts";
import type { VerifiedKey } from "../admission/keys/verify-key.ts";
import type { Decision } from "../admission/rate-limit/bucket-store.ts";
import type { Config } from "../config.ts";
import { type ErrorCode, ServiceError } from "../errors.ts";
import type { EventBus, RequestIds, StepDurations, TraceContext } from "../events.ts";
import { RequestTimeline } from "../request-timeline.ts";
import { Deadline } from "../scheduler/deadline.ts";
import type { ClientKey, RequestContext } from "../scheduler/request-context.ts";
import type { ServedModel } from "../tasks/served-model.ts";
import { statusByCode } from "./error-status.ts";
import { RequestSignal } from "./request-signal.ts";
import { traceHeaders } from "./trace-headers.ts";

/** The route of a request that matched none, or that could not be read as far as its path. */
export const unmatchedRoute = "unmatched";

/** A form with a file, or also the bytes alone. */
export type AudioBody = "form" | "form-or-raw";

/** An answer that has begun and can still say that it failed. */
export interface OpenAnswer {
  /** `errorBody` is the JSON of the error; nothing is sent after it. */
  fail(errorBody: string): void;
}

/**
 * Decides whether the trace of a request to this route is recorded; null when traces are not recorded at all, and it is
 * left to others.
 */
export type DecideSampling = (trace: TraceContext, route: string) => boolean | null;

export interface ExchangeStart {
  readonly requestId: string;
  readonly trace: TraceContext;
  readonly decideSampling: DecideSampling;
  readonly method: string;
  /** The route's pattern, or `unmatched`. */
  readonly route: string;
  readonly isTask: boolean;
  /** What the route takes as its body, when that is audio; null when it is JSON or nothing. */
  readonly audioBody: AudioBody | null;
  /** The configuration that this request sees from start to end. */
  readonly config: Config;
  readonly events: EventBus;
  /** The service takes its leave: connections are closed after their answer. */
  readonly isDraining: () => boolean;
  /** On the clock of `performance.now()`: when the headers had been read. */
  readonly startedAt: number;
}

/** What a task request was given when it was let in. */
export interface Admission {
  readonly permit: Permit;
  readonly model: ServedModel;
  /** Whose share of all that is shared it takes: the client of its key, or its address. */
  readonly holder: string;
}

/**
 * The life of one request, from its headers to the end of its answer: who asks, until when, and what became of it.
 *
 * It opens with `request_received` and ends with exactly one `request_finished`, whichever comes first: the answer left
 * (`finish`) or the client did (`clientLeft`). Its permit and its timer end with it.
 */
export class Exchange {
  readonly requestId: string;
  readonly route: string;
  readonly config: Config;
  readonly startedAt: number;
  /** Who has proved to be who; null where no key is demanded. */
  key: VerifiedKey | null = null;
  /** The client of the key, or what a client without one calls itself. */
  clientId: string | null = null;
  /** What it pays; null where nothing is limited. */
  bill: Bill | null = null;
  /** What its client is told of its rate limit. */
  rateLimit: Decision | null = null;
  channel: string | null = null;
  media: string | null = null;
  /** Name of the model for task requests. */
  model: string | null = null;
  /** Code points of all texts together. */
  inputLength: number | null = null;
  steps: StepDurations | null = null;
  /** The limit from `X-Request-Timeout-Ms`, in milliseconds. */
  headerTimeoutMs: number | null = null;
  /** Set by routes whose answers begin before they are known to succeed. */
  openAnswer: OpenAnswer | null = null;
  readonly #start: ExchangeStart;
  #trace: TraceContext;
  /** Null unless the trace is recorded. */
  #timeline: RequestTimeline | null = null;
  #admission: Admission | null = null;
  readonly #releaseModels: (() => void)[] = [];
  #cancellation: RequestSignal | null = null;
  #isFinished = false;
  #isBroken = false;

  constructor(start: ExchangeStart) {
    this.#start = start;
    this.requestId = start.requestId;
    this.route = start.route;
    this.config = start.config;
    this.startedAt = start.startedAt;
    this.#trace = start.trace;
    this.#enter(start.trace);
    start.events.emit("request_received", { requestId: start.requestId, route: start.route });
  }

  get trace(): TraceContext {
    return this.#trace;
  }

  /** What names it in logs and to the client. */
  get ids(): RequestIds {
    return { requestId: this.requestId, traceId: this.#trace.traceId, spanId: this.#trace.spanId };
  }

  /** What tells the client of its trace, names and values in turn. */
  get traceHeaders(): string[] {
    return traceHeaders(this.#trace, this.config.telemetry.propagation);
  }

  /** Joins the trace that the body names, unless a header has named one. What headers say of recording it stays. */
  joinTrace(trace: TraceContext): void {
    const { isNew, sampled, isDebug } = this.#start.trace;
    if (isNew) {
      this.#enter({ ...trace, sampled, isDebug });
    }
  }

  #enter(trace: TraceContext): void {
    const sampled = this.#start.decideSampling(trace, this.route);
    this.#trace = sampled === null ? trace : { ...trace, sampled };
    this.#timeline = sampled === true ? new RequestTimeline() : null;
  }

  get isTask(): boolean {
    return this.#start.isTask;
  }

  get audioBody(): AudioBody | null {
    return this.#start.audioBody;
  }

  get isFinished(): boolean {
    return this.#isFinished;
  }

  /** The connection is to be closed once the answer has left. */
  get mustClose(): boolean {
    return this.#isBroken || this.#start.isDraining();
  }

  /** @throws Error when the request was not let in: a route forgot to ask. */
  get admission(): Admission {
    if (this.#admission === null) {
      throw new Error("The request was not admitted.");
    }
    return this.#admission;
  }

  /** Lets a task request in; the permit and the model are held until the exchange is finished. */
  admit(admission: Admission): void {
    this.#admission = admission;
    this.hold(admission.model);
    this.model = admission.model.identity.name;
  }

  /** Keeps a model from being stopped until the exchange is finished. */
  hold(model: ServedModel): void {
    this.#releaseModels.push(model.hold());
  }

  /** Chooses another model than the one that the request was let in for. */
  useModel(model: ServedModel): void {
    this.admit({ ...this.admission, model });
  }

  /** Aborted when the deadline passes or the client leaves. Made when first asked for: refused requests need none. */
  get cancellation(): RequestSignal {
    this.#cancellation ??= new RequestSignal();
    return this.#cancellation;
  }

  /** Starts the clock of the request: milliseconds from when its headers had been read. */
  limitTo(timeoutMs: number): Deadline {
    const deadline = Deadline.after(timeoutMs, this.startedAt);
    this.cancellation.setDeadline(deadline);
    return deadline;
  }

  /** What the stages below need to know; `timeoutMs` is the body's limit, null when it names none. */
  context(timeoutMs: number | null): RequestContext {
    const limits = [timeoutMs, this.headerTimeoutMs].filter((limit) => limit !== null);
    return this.#contextUntil(this.limitTo(limits.length === 0 ? this.config.deadline.defaultMs : Math.min(...limits)));
  }

  /**
   * The same for an upload: its deadline is `floorMs` after its headers had been read and grows with what there is to
   * do, unless the client has set a limit. Starts the clock of the request.
   */
  uploadContext(floorMs: number): RequestContext {
    const deadline =
      this.headerTimeoutMs === null
        ? Deadline.growing(floorMs, this.startedAt)
        : Deadline.after(this.headerTimeoutMs, this.startedAt);
    this.cancellation.setDeadline(deadline);
    return this.#contextUntil(deadline);
  }

  /** Whose share of the model's queue the request takes, by what is known of its client so far. */
  get client(): ClientKey {
    return { address: this.admission.holder, clientId: this.clientId ?? "" };
  }

  #contextUntil(deadline: Deadline): RequestContext {
    return { ...this.ids, client: this.client, deadline, signal: this.cancellation.signal, timeline: this.#timeline };
  }

  /** Settles like `work`, but never later than the deadline. */
  race<Value>(work: Promise<Value>): Promise<Value> {
    return this.cancellation.race(work, (error) => {
      if (!(error instanceof ServiceError)) {
        this.#start.events.emit("error_occurred", { where: "http", error, request: this.ids });
      }
    });
  }

  /** The answer with this status has left, or is about to; later calls do nothing. */
  finish(statusCode: number, code: ErrorCode | null = null, facts: Readonly<Record<string, unknown>> = {}): void {
    if (this.#isFinished) {
      return;
    }
    this.#isFinished = true;
    const now = performance.now();
    this.#cancellation?.dispose();
    this.#admission?.permit.release(now);
    this.#releaseModels.forEach((release) => release());
    const { events, method, isTask } = this.#start;
    events.emit("request_finished", {
      ...this.ids,
      trace: this.#trace,
      startedAt: this.startedAt,
      timeline: this.#timeline,
      method,
      route: this.route,
      clientId: this.clientId,
      channel: this.channel,
      media: this.media,
      statusCode,
      code,
      durationMs: now - this.startedAt,
      model: this.model,
      isTask,
      inputLength: this.inputLength,
      steps: this.steps,
      facts,
    });
  }

  /** The request cannot be read to its end; whoever waits for it hears why, and answers. */
  cannotBeRead(reason: ServiceError): void {
    this.#isBroken = true;
    this.#cancellation?.abort(reason);
  }

  /** The connection closed before the answer had left. */
  clientLeft(): void {
    if (!this.#isFinished) {
      const reason = new ServiceError("client_closed_request", "The client closed the connection.");
      this.finish(statusByCode.client_closed_request, reason.code);
      // Made here if need be: a stage that begins only now is to stop at once.
      this.cancellation.abort(reason);
    }
  }
}
