import type { EventBus, ModelId } from "../events.ts";
import type { InferenceProcess } from "../processes/inference-process.ts";
import type { BatchLimits } from "./batch.ts";
import type { CostEstimate } from "./cost-model.ts";
import type { CpuProcess } from "./cpu-lane.ts";

export interface SchedulerSettings extends BatchLimits {
  /** Jobs that may wait. */
  readonly maxQueueSize: number;
  /** Lengths that may wait, together; the last job admitted may pass it. */
  readonly maxQueueLength: number;
  /** A run without progress for longer than this, in milliseconds, and … */
  readonly runLimitFloorMs: number;
  /** … for longer than this many times its predicted duration is killed. */
  readonly runLimitFactor: number;
}

export interface SchedulerOptions {
  readonly model: string;
  readonly modelId: ModelId;
  readonly version: string;
  readonly events: EventBus;
  /** What the length of a window counts. */
  readonly unit: "tokens" | "frames";
  /** What a run costs before anything was observed; the runs soon correct it. */
  readonly priorCost: CostEstimate;
  /** A run has steps, and is ended between two of them when nobody waits for it any more. */
  readonly endsRunsEarly: boolean;
  /**
   * Whether this instance, which is ready, takes turns between the steps of two runs. Then a request that has nothing running
   * does not wait for the end of another's run: a short clip starts at once beside a long file.
   */
  readonly interleavesRuns: (instance: Pick<InferenceProcess, "answersInOneRun">) => boolean;
  /** Where windows go for which the instances have too little memory; null for nowhere. */
  readonly cpu: CpuProcess | null;
  /** Read at every decision, so that a reload takes effect at once. */
  readonly settings: () => SchedulerSettings;
}
