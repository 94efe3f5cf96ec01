import type { DeviceTiming } from "../device-timing.ts";
import { bytesPerWeight } from "./device-limits.ts";
import type { GpuProfile } from "./hardware-profiles.ts";

/** What a process found out about its device, and with which graphs. */
export interface TimedGraphs {
  /** By which each token was multiplied. */
  readonly weights: number;
  /** Of one run. */
  readonly tokens: number;
  /** That the fastest run took. */
  readonly milliseconds: number;
  readonly graphBytes: number;
  readonly precision: keyof typeof bytesPerWeight;
}

/** The run was too fast: nothing was computed. */
export interface ImpossibleSpeed {
  readonly kind: "impossible";
  readonly detail: string;
}

/**
 * A run of this length at the device's peak. What a run costs besides – a session's hundreds of kernels are started one by
 * one, inputs and outputs cross the bus – is milliseconds: a shorter run would say nothing of the device. Milliseconds.
 */
const orderedMs = 10;

/** Clocks rise above those of data sheets: 1.98 GHz instead of 1.83 on an H100. Nothing is that much faster. */
const clockMargin = 1.25;

/**
 * Below this share of the peak a CPU would do: 3 TFLOP/s of an A100, 10 of an H200. The core of `docs/voxtral.md` does 0.15,
 * so that a server of 64 such cores has 10. A slice of a seventh, at a third of its own peak, is still above 4 %.
 */
const slowShare = 0.01;

/** A shorter run, at the device's peak, is mostly made of what it costs besides. Milliseconds. */
const shortestJudgedMs = 1;

/** How much a process on such a device is to compute when it times a run, in operations. */
export function operationsToTime({ operationsPerSecond }: GpuProfile): number {
  return (orderedMs / 1000) * operationsPerSecond;
}

/**
 * What the time of a run says of the device. Two operations for each weight and token are counted, and the weights read
 * once: less than any graph does. So a run that is too fast for that computed nothing, whatever it gave.
 */
export function judgeTiming(
  { weights, tokens, milliseconds, graphBytes, precision }: TimedGraphs,
  { operationsPerSecond, memoryBytesPerSecond, name }: GpuProfile,
): DeviceTiming | ImpossibleSpeed {
  // No more than the graphs hold, whatever their configuration says.
  const multiplied = Math.min(weights, graphBytes / bytesPerWeight[precision]);
  const operations = 2 * multiplied * tokens;
  const bytes = multiplied * bytesPerWeight[precision];
  const atPeakMs = (operations / operationsPerSecond) * 1000;
  const leastMs = Math.max(atPeakMs, (bytes / memoryBytesPerSecond) * 1000) / clockMargin;
  const seconds = milliseconds / 1000;
  const peakShare = operations / seconds / operationsPerSecond;
  const detail =
    `a run of ${tokens} tokens took ${milliseconds.toPrecision(3)} ms: ` +
    `${(operations / seconds / 1e12).toPrecision(3)} TFLOP/s, ${(bytes / seconds / 1e9).toPrecision(3)} GB/s of weights`;
  if (milliseconds < leastMs) {
    const limit = `profile ${name} says ${leastMs.toPrecision(3)} ms at least`;
    return { kind: "impossible", detail: `nothing was computed: ${detail}, where ${limit}` };
  }
  if (atPeakMs < shortestJudgedMs) {
    return { kind: "short", peakShare, detail };
  }
  return peakShare < slowShare
    ? {
        kind: "slow",
        peakShare,
        detail: `no faster than a CPU: ${detail}, less than 1 % of the peak of profile ${name}`,
      }
    : { kind: "plausible", peakShare, detail };
}
