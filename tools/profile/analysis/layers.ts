import type { BatchRecord, InferenceRecording, Interval } from "../recording/recording.ts";
import { coveredMs, within } from "./intervals.ts";
import type { GraphProfile } from "./ort-profile.ts";

/** Where the time of batches goes, in milliseconds; each part without the ones below it. */
export interface Layers {
  /** The pipe between the processes, and waiting for either side to take its end. */
  readonly pipeMs: number;
  /** The plugin's JavaScript. */
  readonly pluginMs: number;
  /** ONNX Runtime's Node binding: tensors in and out. */
  readonly bindingMs: number;
  /** ONNX Runtime around its operators. */
  readonly runtimeMs: number;
  readonly operatorsMs: number;
}

/** Divides the time in which an inference process had a batch among those who worked on it, within `window`. */
export function layersOf(
  { pid, runs }: Pick<InferenceRecording, "pid" | "runs">,
  graphs: readonly GraphProfile[],
  batches: readonly BatchRecord[],
  window: Interval,
): Layers {
  const busy = (intervals: readonly Interval[]): number => coveredMs(within(intervals, window));
  const batchMs = busy(batches.filter((batch) => batch.pid === pid));
  const runMs = busy(runs);
  const callMs = busy(graphs.flatMap(({ calls }) => calls));
  const ortMs = busy(graphs.flatMap((graph) => graph.runs));
  const nodes = graphs.flatMap((graph) => within(graph.nodes, window));
  const operatorsMs = nodes.reduce((total, { selfMs }) => total + selfMs, 0);
  return {
    pipeMs: batchMs - runMs,
    pluginMs: runMs - callMs,
    bindingMs: callMs - ortMs,
    runtimeMs: ortMs - operatorsMs,
    operatorsMs,
  };
}

/** Those of several processes together. */
export function addLayers(all: readonly Layers[]): Layers {
  const sum = (part: keyof Layers): number => all.reduce((total, layers) => total + layers[part], 0);
  return {
    pipeMs: sum("pipeMs"),
    pluginMs: sum("pluginMs"),
    bindingMs: sum("bindingMs"),
    runtimeMs: sum("runtimeMs"),
    operatorsMs: sum("operatorsMs"),
  };
}
