import type { AudioRecord, BatchRecord, Interval, RequestRecord, StageRecord } from "../recording/recording.ts";
import { cutTo, within } from "./intervals.ts";
import type { InferenceProfile, Profile } from "./profile.ts";

/** An event of the Trace Event Format, as chrome://tracing and Perfetto read it; times in microseconds. */
export interface TraceEvent {
  readonly ph: "X" | "b" | "e" | "M";
  readonly name: string;
  readonly cat: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  /** Of `b` and `e`: slices with one id are drawn in one row, inside of one another. */
  readonly id?: string;
  readonly args?: Readonly<Record<string, unknown>>;
}

/** Rows of a process that stand for no thread of it. */
const collectorRow = 1;
/** The audio processes are gone when we could ask for their ids; no process of a user has this one. */
const audioPid = 1;

type Slice = Interval & { readonly name: string; readonly cat: string; readonly args?: TraceEvent["args"] };

/**
 * One row of slices for each request of the API process, with its stages inside, one for each batch, and for each
 * inference process what its thread did: calls of ONNX Runtime with the operators inside, and runs of the plugin. Time 0 is
 * the beginning of the profile's window. Requests and uploads that reach beyond it are left out, and all else is cut off
 * there: a canary may be under way.
 */
export function traceEvents(profile: Profile): TraceEvent[] {
  const { api, inference, window } = profile;
  const rows = new TraceRows(window.startMs);
  return [
    ...rows.process(api.pid, "API", [[collectorRow, "garbage collection"]]),
    ...requestEvents(rows, profile),
    ...cutTo(api.batches, window).flatMap((batch, index) => batchEvents(rows, api.pid, batch, index)),
    ...cutTo(api.collections, window).map((each) => rows.slice(api.pid, collectorRow, collectionSlice(each))),
    ...audioEvents(rows, within(api.audio, window)),
    ...inference.flatMap((each) => inferenceEvents(rows, each, window)),
  ];
}

function requestEvents(rows: TraceRows, { api, window }: Profile): TraceEvent[] {
  const stages = Map.groupBy(cutTo(api.stages, window), ({ requestId }) => requestId);
  return within(api.requests, window).flatMap((request, index) => {
    const id = `request ${index + 1}`;
    const own = stages.get(request.requestId) ?? [];
    return [
      ...rows.asynchronous(api.pid, id, requestSlice(request, id)),
      ...stageRows(own).flatMap((row, at) =>
        row.flatMap((stage) => rows.asynchronous(api.pid, at === 0 ? id : `${id}, row ${at + 1}`, stageSlice(stage))),
      ),
    ];
  });
}

/** Puts stages that overlap, as those of several windows do, into rows of their own: slices of one row must nest. */
function stageRows(stages: readonly StageRecord[]): StageRecord[][] {
  const rows: StageRecord[][] = [];
  for (const stage of stages.toSorted((one, other) => one.startMs - other.startMs)) {
    const row = rows.find((each) => (each.at(-1)?.endMs ?? Number.NEGATIVE_INFINITY) <= stage.startMs);
    if (row === undefined) {
      rows.push([stage]);
    } else {
      row.push(stage);
    }
  }
  return rows;
}

function requestSlice({ route, status, inputLength, startMs, endMs }: RequestRecord, request: string): Slice {
  return { name: `POST ${route}`, cat: "request", startMs, endMs, args: { request, status, inputLength } };
}

function stageSlice({ stage, windows, startMs, endMs }: StageRecord): Slice {
  return { name: stage, cat: "request", startMs, endMs, args: { windows } };
}

function collectionSlice({ kind, startMs, endMs }: Interval & { readonly kind: string }): Slice {
  return { name: `${kind} collection`, cat: "gc", startMs, endMs };
}

function batchEvents(rows: TraceRows, apiPid: number, batch: BatchRecord, index: number): TraceEvent[] {
  const { pid, windows, longest, startMs, endMs } = batch;
  const args = { inferencePid: pid, windows, longest };
  return rows.asynchronous(apiPid, `batch ${index + 1}`, { name: "batch", cat: "batch", startMs, endMs, args });
}

function audioEvents(rows: TraceRows, uploads: readonly AudioRecord[]): TraceEvent[] {
  const slices = uploads.map(({ startMs, endMs, audioMs, decodeMs, voiceActivityMs, featuresMs }, index) => {
    const args = { audioMs, decodeMs, voiceActivityMs, featuresMs };
    return rows.slice(audioPid, index + 1, { name: "decode to windows", cat: "audio", startMs, endMs, args });
  });
  const names = uploads.map((_, index) => [index + 1, `upload ${index + 1}`] as const);
  return uploads.length === 0 ? [] : [...rows.process(audioPid, "audio processes", names), ...slices];
}

function inferenceEvents(rows: TraceRows, { recording, graphs }: InferenceProfile, window: Interval): TraceEvent[] {
  const { pid, model, runs, collections } = recording;
  const threads = [
    [pid, "ONNX Runtime"],
    [collectorRow, "garbage collection"],
  ] as const;
  return [
    ...rows.process(pid, `inference: ${model}`, threads),
    // Those of speech may overlap.
    ...cutTo(runs, window).flatMap((run, index) =>
      rows.asynchronous(pid, `run ${index + 1} of ${pid}`, { name: "run", cat: "run", ...run }),
    ),
    ...cutTo(collections, window).map((each) => rows.slice(pid, collectorRow, collectionSlice(each))),
    ...graphs.flatMap((graph) => [
      ...cutTo(graph.calls, window).map((call) => rows.slice(pid, pid, { name: graph.graph, cat: "call", ...call })),
      ...cutTo(graph.runs, window).map((run) => rows.slice(pid, pid, { name: "model_run", cat: "session", ...run })),
      ...cutTo(graph.nodes, window).map(({ operator, node, executionProvider, outputs, startMs, endMs }) => {
        const args = { node, executionProvider, outputs };
        return rows.slice(pid, pid, { name: operator, cat: "operator", startMs, endMs, args });
      }),
    ]),
  ];
}

/** Makes events of slices, on a clock that begins at `originMs`. */
class TraceRows {
  readonly #originMs: number;

  constructor(originMs: number) {
    this.#originMs = originMs;
  }

  process(pid: number, name: string, threads: readonly (readonly [tid: number, name: string])[]): TraceEvent[] {
    return [
      metadata("process_name", pid, 0, name),
      ...threads.map(([tid, threadName]) => metadata("thread_name", pid, tid, threadName)),
    ];
  }

  slice(pid: number, tid: number, { name, cat, startMs, endMs, args }: Slice): TraceEvent {
    const ts = this.#microseconds(startMs);
    return { ph: "X", name, cat, pid, tid, ts, dur: this.#microseconds(endMs) - ts, ...(args && { args }) };
  }

  asynchronous(pid: number, id: string, { name, cat, startMs, endMs, args }: Slice): [TraceEvent, TraceEvent] {
    const common = { name, cat, pid, tid: pid, id };
    return [
      { ph: "b", ...common, ts: this.#microseconds(startMs), ...(args && { args }) },
      { ph: "e", ...common, ts: this.#microseconds(endMs) },
    ];
  }

  /** Whole nanoseconds: below that lies only what floating point adds. */
  #microseconds(timeMs: number): number {
    return Math.round((timeMs - this.#originMs) * 1e6) / 1e3;
  }
}

function metadata(kind: "process_name" | "thread_name", pid: number, tid: number, name: string): TraceEvent {
  return { ph: "M", name: kind, cat: "__metadata", pid, tid, ts: 0, args: { name } };
}
