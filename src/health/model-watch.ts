import { ServiceError } from "../errors.ts";
import type { CanaryResult, EventBus } from "../events.ts";
import { askCanary, type CanaryAnswer, canaryClient, isSameAnswer, recordedAnswer } from "./canary.ts";
import { judgeAnswers } from "./judge-answers.ts";
import { ModelFiles } from "./model-files.ts";
import type { MonitoredModel } from "./monitored-model.ts";
import { RespawnRate } from "./respawn-rate.ts";

export interface ModelWatchSettings {
  readonly periodMs: number;
  readonly maxRestartsPerMinute: number;
}

/** A canary gets this share of the period to answer: after a period of silence, it fails within the second one. */
const canaryShare = 3 / 4;

/** All that is known of the health of one model. */
export class ModelWatch {
  readonly model: MonitoredModel;
  readonly files: ModelFiles;
  readonly respawns = new RespawnRate();
  /** Processes that ended unexpectedly since the model is served. */
  restarts = 0;
  /** What is wrong with its files; empty when nothing is. */
  filesDetail = "";
  readonly #settings: () => ModelWatchSettings;
  readonly #events: EventBus;
  readonly #closed = new AbortController();
  #expected: CanaryAnswer | null;
  #lastValidAt: number | null = null;
  #lastAnswerAt: Date | null = null;
  #invalidAnswers = 0;
  #lastCanary: { readonly at: Date; readonly result: CanaryResult } | null = null;
  /** Of the last canary that said something. */
  #verdict: Exclude<CanaryResult, "deferred"> | null = null;
  /** The last canary that came to anything found too little memory. */
  #lackedMemory = false;
  #askedAt = Number.NEGATIVE_INFINITY;
  #canary: Promise<CanaryResult> | null = null;

  constructor(model: MonitoredModel, settings: () => ModelWatchSettings, events: EventBus) {
    this.model = model;
    this.files = new ModelFiles(model.folder);
    this.#settings = settings;
    this.#events = events;
    this.#expected = recordedAnswer(model.folder.manifest);
  }

  /**
   * In which the model must answer: the one of the settings, or longer where runs take so long that a silence of this
   * length means nothing. So a canary never costs more than a small share of an instance.
   */
  get periodMs(): number {
    return Math.max(this.#settings().periodMs, this.model.patienceMs);
  }

  get lastCanary(): { readonly at: Date; readonly result: CanaryResult } | null {
    return this.#lastCanary;
  }

  /** When a request or a canary was last answered validly. */
  get lastAnswerAt(): Date | null {
    return this.#lastAnswerAt;
  }

  /** A client's request got an answer. */
  answered(isValid: boolean, now: number): void {
    if (isValid) {
      this.#lastValidAt = now;
      this.#lastAnswerAt = new Date();
      this.#invalidAnswers = 0;
    } else {
      this.#invalidAnswers++;
    }
  }

  /** It is a required model, and time for a canary: nothing valid was heard for a period, or the last canary is to be contradicted. */
  isCanaryDue(now: number): boolean {
    if (!this.model.isRequired || this.#canary !== null || this.model.state() !== "ready") {
      return false;
    }
    if (this.#lastValidAt === null && this.#verdict === null) {
      return now - this.#askedAt >= this.periodMs / 8;
    }
    const isWell = this.#verdict === "ok" && this.#lastValidAt !== null;
    return now - (isWell ? Math.max(this.#lastValidAt ?? 0, this.#askedAt) : this.#askedAt) >= this.periodMs;
  }

  /** Why the model does not serve, for whoever asks; empty when it does. */
  detail(now: number): string {
    const { maxRestartsPerMinute } = this.#settings();
    const restarts = this.respawns.perMinute(now);
    const details = [
      this.model.stateDetail(),
      this.model.deviceDetail(),
      this.filesDetail,
      restarts > maxRestartsPerMinute ? `${restarts} processes ended unexpectedly within a minute` : "",
      this.#judgement(now),
    ];
    return details.filter((detail) => detail !== "").join("; ");
  }

  /** Asks the model now, or waits for the answer that is on its way. Never throws. */
  askCanary(): Promise<CanaryResult> {
    this.#canary ??= this.#ask().finally(() => {
      this.#canary = null;
    });
    return this.#canary;
  }

  /** Ends the canary that is under way. */
  close(): void {
    this.#closed.abort(new ServiceError("draining", "The model is being stopped."));
  }

  #judgement(now: number): string {
    if (this.model.state() !== "ready") {
      return "";
    }
    return judgeAnswers(
      {
        periodMs: this.periodMs,
        lastValidAt: this.#lastValidAt,
        invalidAnswers: this.#invalidAnswers,
        canary: this.#verdict,
        longestStepMs: this.model.longestStepMs,
        isAsked: this.model.isRequired,
        stalledMs: this.model.stalledMs(now),
        movedAt: this.model.movedAt,
      },
      now,
    );
  }

  async #ask(): Promise<CanaryResult> {
    const start = performance.now();
    this.#askedAt = start;
    const first = await this.#askOnce();
    // Once more: in a batch with others an 8-bit model may round one answer differently.
    const result = first === "mismatch" ? await this.#askOnce() : first;
    if (!this.#closed.signal.aborted) {
      this.#conclude(result, performance.now() - start);
    }
    return result;
  }

  async #askOnce(): Promise<CanaryResult> {
    const start = performance.now();
    // Beside a run that may be silent for long, it is no news that the canary is late.
    const limitMs = this.periodMs * canaryShare + this.model.longestStepMs;
    const late = new AbortController();
    const cpuAnswers = this.model.cpuAnswers;
    let wasWaiting = false;
    const timer = setTimeout(() => {
      wasWaiting = this.model.isWaiting(canaryClient);
      late.abort(new ServiceError("deadline_exceeded", "The canary was not answered in time."));
    }, limitMs);
    try {
      const signal = AbortSignal.any([late.signal, this.#closed.signal]);
      const answer = await askCanary(this.model, limitMs, signal);
      this.#lackedMemory = false;
      if (this.model.folder.manifest.canary === undefined && this.model.cpuAnswers !== cpuAnswers) {
        // By other graphs perhaps, which say nothing of those of the device.
        return "ok";
      }
      this.#expected ??= answer;
      const isExpected = isSameAnswer(answer, this.#expected, this.model.folder.manifest.canary?.tolerance);
      return isExpected ? "ok" : "mismatch";
    } catch (error) {
      if (error instanceof ServiceError && error.code === "out_of_memory" && !this.#lackedMemory) {
        // Another's batch may have held it for a moment. A second canary in a row fails.
        this.#lackedMemory = true;
        return "deferred";
      }
      return resultOf(error, wasWaiting || this.model.movedAt > start);
    } finally {
      clearTimeout(timer);
    }
  }

  #conclude(result: CanaryResult, ms: number): void {
    this.#lastCanary = { at: new Date(), result };
    if (result !== "deferred") {
      this.#verdict = result;
    }
    if (result === "ok") {
      this.answered(true, performance.now());
    }
    this.#events.emit("canary_finished", { model: this.model.identity.name, result, ms });
  }
}

/**
 * What a canary came to that was not answered.
 * @param wasBusy it never got its turn, or others got their results meanwhile: it was late for want of room. Whether
 * those before it hang is for `stalledMs` to say.
 */
function resultOf(error: unknown, wasBusy: boolean): CanaryResult {
  switch (error instanceof ServiceError ? error.code : null) {
    case "overloaded":
    case "model_loading":
    case "circuit_open":
    case "draining":
      return "deferred";
    case "deadline_exceeded":
      return wasBusy ? "deferred" : "timeout";
    case "invalid_prediction":
      return "invalid";
    case "inference_process_crashed":
      return "crashed";
    default:
      return "failed";
  }
}
