import { ServiceError } from "../errors.ts";
import type { InferenceProcess } from "../processes/inference-process.ts";
import type { ResultMessage } from "../processes/protocol.ts";
import type { StageFacts } from "../request-timeline.ts";
import { allAborted } from "./all-aborted.ts";
import type { BatchCeiling } from "./batch-ceiling.ts";
import { type CostEstimate, CostModel } from "./cost-model.ts";
import type { CpuLane } from "./cpu-lane.ts";
import type { FailedRuns } from "./failed-runs.ts";
import { type Batch, type InstanceWork, paddedLengthOf } from "./instance-work.ts";
import type { Job } from "./job.ts";
import { RunStages } from "./run-stages.ts";
import type { SchedulerOptions } from "./scheduler-options.ts";

export interface BatchRunsOptions
  extends Pick<SchedulerOptions, "model" | "version" | "events" | "priorCost" | "endsRunsEarly" | "settings"> {
  readonly work: InstanceWork;
  readonly ceiling: BatchCeiling;
  readonly cpuLane: CpuLane;
  readonly failedRuns: FailedRuns;
  /** A run has ended, and its process may have another one. */
  readonly onFree: () => void;
  /** Windows of a run that came to nothing may run again. */
  readonly onFailed: () => void;
  readonly fail: (job: Job, error: ServiceError) => void;
}

/** Runs batches on processes, delivers what comes of them, and learns what a run costs. */
export class BatchRuns {
  readonly #options: BatchRunsOptions;
  readonly #cost: CostModel;
  /** Of runs on the CPU beside the instances. */
  readonly #cpuCost: CostModel;
  #cpuAnswers = 0;
  #resultAt = 0;

  constructor(options: BatchRunsOptions) {
    this.#options = options;
    this.#cost = new CostModel(options.priorCost);
    this.#cpuCost = new CostModel(options.priorCost);
  }

  /** When a run last came to a result, on the clock of `performance.now()`; 0 before the first time. */
  get resultAt(): number {
    return this.#resultAt;
  }

  /** Windows that were computed on the CPU because the instances had too little memory for them. */
  get cpuAnswers(): number {
    return this.#cpuAnswers;
  }

  /** What runs on instances cost. */
  get estimate(): CostEstimate {
    return this.#cost.estimate;
  }

  /** What runs on the CPU beside the instances cost. */
  get cpuEstimate(): CostEstimate {
    return this.#cpuCost.estimate;
  }

  /** What a run of this padded length takes on an instance, as far as is known. Milliseconds. */
  predictMs(paddedLength: number): number {
    return this.#cost.predictMs(paddedLength);
  }

  /** What a run of this padded length may take without progress. Milliseconds. */
  limitMs(process: InferenceProcess, paddedLength: number): number {
    const { runLimitFloorMs, runLimitFactor } = this.#options.settings();
    return Math.max(runLimitFloorMs, runLimitFactor * this.#costOn(process).predictMs(paddedLength));
  }

  /** Resolves when the run has ended and whatever follows for its windows is done. */
  async run(process: InferenceProcess, batch: Batch): Promise<void> {
    const { work, endsRunsEarly, failedRuns, onFailed } = this.#options;
    work.begin(process, batch);
    const now = performance.now();
    for (const { job } of batch) {
      job.markDispatched(now);
    }
    const paddedLength = paddedLengthOf(batch);
    const limitMs = this.limitMs(process, paddedLength);
    // What ends the run early: nobody waits for any of its requests any more.
    using interruption = endsRunsEarly ? allAborted(batch.map(({ job }) => job.context.signal)) : null;
    const stages = RunStages.of(batch, now);
    let result: ResultMessage;
    try {
      result = await process.run(
        batch.map(({ input }) => input),
        limitMs,
        interruption?.signal,
      );
    } catch (error) {
      stages?.fail(this.#runFacts(process, batch, paddedLength), error);
      failedRuns.failed(process, batch, work.batchesOf(process), error);
      this.#end(process, batch);
      onFailed();
      return;
    }
    stages?.end(this.#runFacts(process, batch, paddedLength), result);
    this.#learn(process, batch, paddedLength, result);
    this.#end(process, batch);
    this.#deliver(batch, result, paddedLength);
  }

  #costOn(process: InferenceProcess): CostModel {
    return this.#options.cpuLane.owns(process) ? this.#cpuCost : this.#cost;
  }

  /** What a run says of those to come. */
  #learn(process: InferenceProcess, batch: Batch, paddedLength: number, result: ResultMessage): void {
    const { failedRuns, cpuLane, ceiling, settings } = this.#options;
    failedRuns.ranWell(process, batch);
    if (result.outputs.length === batch.length) {
      this.#costOn(process).observe(paddedLength, result.inferenceMs);
    }
    if (cpuLane.owns(process)) {
      this.#cpuAnswers++;
    } else {
      ceiling.ranWell(batch.length, paddedLength, settings());
    }
  }

  #runFacts({ pid, device }: InferenceProcess, { length: batchWindows }: Batch, batchPaddedLength: number): StageFacts {
    const { model, version: modelVersion } = this.#options;
    return { model, modelVersion, pid, device, batchWindows, batchPaddedLength };
  }

  #end(process: InferenceProcess, batch: Batch): void {
    this.#options.work.end(process, batch);
    if (process.isReady) {
      // Before the answers are worked on: the process must not wait for them.
      this.#options.onFree();
    }
  }

  #deliver(batch: Batch, { outputs, inferenceMs }: ResultMessage, paddedLength: number): void {
    const { model, events, fail } = this.#options;
    this.#resultAt = performance.now();
    if (outputs.length !== batch.length) {
      const facts = { windows: batch.length, outputs: outputs.length };
      for (const { job } of batch) {
        fail(job, new ServiceError("invalid_prediction", "The model gave an invalid answer.", { facts }));
      }
      return;
    }
    events.emit("batch_completed", {
      model,
      windows: batch.length,
      length: batch.reduce((total, { length }) => total + length, 0),
      paddedLength,
      inferenceMs,
    });
    const now = performance.now();
    for (const [position, { job, index }] of batch.entries()) {
      const output = outputs[position];
      if (output !== undefined) {
        job.deliver(index, output, now);
      }
    }
  }
}
