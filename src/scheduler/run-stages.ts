import { ProcessExitedError, RunFailedError } from "../processes/inference-process.ts";
import { fromMonotonic } from "../processes/monotonic-clock.ts";
import type { ResultMessage } from "../processes/protocol.ts";
import { mostRelated, type OpenStage, type RelatedSpan, type StageFacts } from "../request-timeline.ts";
import type { Job, PendingWindow } from "./job.ts";

interface Run {
  readonly stage: OpenStage;
  readonly windows: number;
  readonly length: number;
}

/** Notes one run in the timelines of the requests that are in it. */
export class RunStages {
  readonly #dispatchedAt: number;
  readonly #runs: readonly Run[];

  private constructor(dispatchedAt: number, runs: readonly Run[]) {
    this.#dispatchedAt = dispatchedAt;
    this.#runs = runs;
  }

  /**
   * Begins; null where none of the requests is recorded.
   * @param dispatchedAt On the clock of `performance.now()`.
   */
  static of(batch: readonly PendingWindow[], dispatchedAt: number): RunStages | null {
    const isRecorded = batch.some(({ job }) => job.context.timeline !== null);
    return isRecorded ? new RunStages(dispatchedAt, begin(batch, dispatchedAt)) : null;
  }

  /** The run's own time is the inference process's, as far as it lies between our dispatch and its result's arrival. */
  end(facts: StageFacts, { startedAt, inferenceMs }: Pick<ResultMessage, "startedAt" | "inferenceMs">): void {
    const now = performance.now();
    const begunAt = clamp(fromMonotonic(startedAt), this.#dispatchedAt, now);
    const endedAt = clamp(begunAt + inferenceMs, begunAt, now);
    const transferMs = now - this.#dispatchedAt - (endedAt - begunAt);
    this.#end(endedAt, { ...facts, transferMs }, begunAt);
  }

  /** The run came to nothing. */
  fail(facts: StageFacts, error: unknown): void {
    const kind = error instanceof RunFailedError && error.kind !== "other" ? error.kind : "run_failed";
    const failure = error instanceof ProcessExitedError ? error.exit.reason : kind;
    this.#end(performance.now(), { ...facts, failure }, this.#dispatchedAt);
  }

  #end(endedAt: number, facts: StageFacts, begunAt: number): void {
    for (const { stage, windows, length } of this.#runs) {
      stage.end(endedAt, { ...facts, windows, length }, begunAt);
    }
  }
}

function begin(batch: readonly PendingWindow[], dispatchedAt: number): Run[] {
  const byJob = Map.groupBy(batch, ({ job }) => job);
  const recorded = [...byJob.keys()].filter(({ context }) => context.timeline !== null);
  return recorded.flatMap((job) => {
    const stage = job.context.timeline?.begin("inference", dispatchedAt, relatedTo(job, recorded));
    const windows = byJob.get(job) ?? [];
    const length = windows.reduce((total, window) => total + window.length, 0);
    return stage === undefined ? [] : [{ stage, windows: windows.length, length }];
  });
}

/** The other requests of the run, as far as their traces are recorded. */
function relatedTo({ context }: Job, recorded: readonly Job[]): RelatedSpan[] {
  const spans = recorded.map(({ context: { traceId, spanId } }) => ({ traceId, spanId }));
  return spans.filter(({ spanId }) => spanId !== context.spanId).slice(0, mostRelated);
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
