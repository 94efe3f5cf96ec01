import type { Interval, StageRecord } from "../recording/recording.ts";

/** Where the time of a request goes, in the order in which it passes. */
export const stageNames = ["receive", "preprocess", "queue", "inference", "postprocess", "other"] as const;

export type StageName = (typeof stageNames)[number];

/** Of stages that overlap, as those of several windows do, the time counts for the one nearest to the answer. */
const precedence = ["inference", "queue", "preprocess"] as const;

/**
 * Divides the time of a request among its stages, in milliseconds, without a rest: `receive` is what comes before the
 * first stage (reading and checking), `postprocess` what comes after the last, `other` what lies between two.
 */
export function stageTimes(request: Interval, stages: readonly StageRecord[]): Record<StageName, number> {
  const inside = stages.map(({ stage, startMs, endMs }) => ({
    stage,
    startMs: clamp(startMs, request),
    endMs: clamp(endMs, request),
  }));
  const firstMs = Math.min(request.endMs, ...inside.map(({ startMs }) => startMs));
  const lastMs = Math.max(firstMs, ...inside.map(({ endMs }) => endMs));
  const times = { receive: 0, preprocess: 0, queue: 0, inference: 0, postprocess: 0, other: 0 };
  const bounds = [request.startMs, ...inside.flatMap(({ startMs, endMs }) => [startMs, endMs]), request.endMs];
  const sorted = bounds.toSorted((one, other) => one - other);
  for (const [index, endMs] of sorted.entries()) {
    const startMs = sorted[index - 1] ?? endMs;
    const running = inside.filter((each) => each.startMs <= startMs && each.endMs >= endMs).map(({ stage }) => stage);
    times[precedence.find((stage) => running.includes(stage)) ?? idleStage(startMs, firstMs, lastMs)] +=
      endMs - startMs;
  }
  return times;
}

function idleStage(startMs: number, firstMs: number, lastMs: number): StageName {
  if (startMs < firstMs) {
    return "receive";
  }
  return startMs >= lastMs ? "postprocess" : "other";
}

function clamp(timeMs: number, { startMs, endMs }: Interval): number {
  return Math.min(endMs, Math.max(startMs, timeMs));
}
