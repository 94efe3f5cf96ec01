import type { ServiceError } from "../errors.ts";
import type { EventBus, FallbackStep } from "../events.ts";
import { type InferenceProcess, ProcessExitedError, RunFailedError } from "../processes/inference-process.ts";
import type { BatchCeiling } from "./batch-ceiling.ts";
import type { CpuLane } from "./cpu-lane.ts";
import type { DeadProcess, DeathCauses } from "./death-causes.ts";
import { nextStep } from "./fallback-ladder.ts";
import { finalFailure, outOfMemory } from "./final-failure.ts";
import { type Batch, paddedLengthOf } from "./instance-work.ts";
import type { Job, PendingWindow } from "./job.ts";
import { Starvation } from "./starvation.ts";

export interface FailedRunsOptions {
  readonly model: string;
  readonly events: EventBus;
  readonly causes: DeathCauses;
  readonly ceiling: BatchCeiling;
  readonly cpuLane: CpuLane;
  /** The window is to run again on an instance, before whatever else its client has waiting. */
  readonly runAgain: (window: PendingWindow) => void;
  /** The window is to run on the CPU. `isAgain`: it did. */
  readonly runOnCpu: (window: PendingWindow, isAgain: boolean) => void;
  readonly fail: (job: Job, error: ServiceError) => void;
}

/** Decides what becomes of the windows of runs that failed. */
export class FailedRuns {
  readonly #options: FailedRunsOptions;
  readonly #starvation = new Starvation();
  readonly #cpuStarvation = new Starvation();
  /** When a window last failed for good with its process, on the clock of `performance.now()`. */
  #poisonedAt = 0;

  constructor(options: FailedRunsOptions) {
    this.#options = options;
  }

  /** That is a result, too: who sends nothing but such texts keeps nothing from moving. 0 before the first time. */
  get poisonedAt(): number {
    return this.#poisonedAt;
  }

  /** A run came to nothing. @param underWay all that its process worked on, this batch included. */
  failed(process: InferenceProcess, batch: Batch, underWay: readonly Batch[], error: unknown): void {
    if (error instanceof RunFailedError && error.kind === "out_of_memory") {
      this.#fallBack(process, batch, underWay);
    } else {
      this.#retryAlone(process, batch, underWay, error);
    }
  }

  /** A run was computed. */
  ranWell(process: InferenceProcess, batch: Batch): void {
    this.#starvationOf(process).ranWell(process, Math.max(...batch.map(({ length }) => length)));
  }

  /** The process on the CPU that the window waits for does not get ready. */
  giveUp({ job, length }: PendingWindow): void {
    const { model, events, fail } = this.#options;
    fail(job, outOfMemory());
    events.emit("batch_fell_back", { model, step: "failed", windows: 1, paddedLength: length, device: "cpu" });
  }

  /** There was too little memory for the run: its windows go on with less at a time. */
  #fallBack(process: InferenceProcess, batch: Batch, underWay: readonly Batch[]): void {
    const { model, events, cpuLane, ceiling } = this.#options;
    const wasShared = underWay.length > 1;
    const paddedLength = paddedLengthOf(batch);
    const steps = new Map<FallbackStep, number>();
    // The last first: each is put before the others.
    for (const window of batch.toReversed().filter(({ job }) => !job.isSettled)) {
      const step = nextStep(window.rung, { windows: batch.length, wasShared }, cpuLane.isOpen);
      steps.set(step, (steps.get(step) ?? 0) + 1);
      this.#goOn(window, step);
    }
    for (const [step, windows] of steps) {
      events.emit("batch_fell_back", { model, step, windows, paddedLength, device: process.device });
    }
    if (batch.length === 1 && !wasShared) {
      this.#lacksMemoryAlone(process, batch);
    } else if (!cpuLane.owns(process)) {
      for (const window of batch) {
        window.ceilingMark ??= ceiling.mark;
      }
      ceiling.ranOut(
        underWay.flat().length,
        underWay.reduce((total, each) => total + paddedLengthOf(each), 0),
      );
    }
  }

  /** It says nothing of batches, whose limits everybody shares: who sends windows too large must not end batching. */
  #lacksMemoryAlone(process: InferenceProcess, batch: Batch): void {
    for (const window of batch) {
      if (window.ceilingMark !== null) {
        this.#options.ceiling.goBackTo(window.ceilingMark);
        window.ceilingMark = null;
      }
      if (this.#starvationOf(process).ranOut(process, window.length)) {
        process.kill("out_of_memory");
      }
    }
  }

  #goOn(window: PendingWindow, step: FallbackStep): void {
    const { fail, runAgain, runOnCpu } = this.#options;
    if (step === "failed") {
      fail(window.job, outOfMemory());
      return;
    }
    window.rung = step;
    window.mustRunAlone ||= step !== "half";
    if (step === "cpu") {
      runOnCpu(window, false);
    } else {
      runAgain(window);
    }
  }

  #retryAlone(process: InferenceProcess, batch: Batch, underWay: readonly Batch[], error: unknown): void {
    const { causes, fail, runAgain, runOnCpu } = this.#options;
    const dead = error instanceof ProcessExitedError ? deadProcess(process, error) : null;
    if (dead !== null) {
      // At the first of its runs that fails with the process, while all of them are known.
      causes.note(dead, underWay.flat());
    }
    // The last first: each is put before the others.
    for (const window of batch.toReversed()) {
      if (window.hasFailed) {
        if (dead !== null) {
          this.#poisonedAt = performance.now();
          causes.tellPoison(window, dead);
        }
        fail(window.job, finalFailure(error));
      } else if (window.job.isSettled) {
        causes.tellUnproven(window);
      } else {
        window.hasFailed = true;
        window.mustRunAlone = true;
        if (window.rung === "cpu") {
          runOnCpu(window, true);
        } else {
          runAgain(window);
        }
      }
    }
  }

  #starvationOf(process: InferenceProcess): Starvation {
    return this.#options.cpuLane.owns(process) ? this.#cpuStarvation : this.#starvation;
  }
}

function deadProcess({ pid, gpu }: InferenceProcess, { exit }: ProcessExitedError): DeadProcess {
  return { pid, lostDevice: exit.reason === "device_lost" ? (gpu ?? "") : null };
}
