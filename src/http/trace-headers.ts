import type { Config } from "../config.ts";
import type { TraceContext } from "../events.ts";

/** A way to write a trace into headers. */
export type TraceFormat = Config["telemetry"]["propagation"][number];

/**
 * The trace as headers, names and values in turn, for whoever is called and for the answer: our span is the parent of
 * what is done with them. A decision that is still open is left open where the format can say so.
 */
export function traceHeaders(trace: TraceContext, formats: readonly TraceFormat[]): string[] {
  return formats.flatMap((format) => writers[format](trace));
}

const writers: Record<TraceFormat, (trace: TraceContext) => string[]> = {
  b3: (trace) => ["b3", b3(trace)],
  b3multi: ({ traceId, spanId, parentSpanId, sampled, isDebug }) => [
    "x-b3-traceid",
    traceId,
    "x-b3-spanid",
    spanId,
    ...(parentSpanId === null ? [] : ["x-b3-parentspanid", parentSpanId]),
    // Debug implies sampled, and is written instead.
    ...(isDebug ? ["x-b3-flags", "1"] : sampled === null ? [] : ["x-b3-sampled", sampled ? "1" : "0"]),
  ],
  tracecontext: ({ traceId, spanId, sampled, traceState }) => [
    "traceparent",
    `00-${traceId}-${spanId}-${sampled === true ? "01" : "00"}`,
    ...(traceState === null ? [] : ["tracestate", traceState]),
  ],
};

function b3({ traceId, spanId, parentSpanId, sampled, isDebug }: TraceContext): string {
  const ids = `${traceId}-${spanId}`;
  if (sampled === null) {
    return ids;
  }
  const state = isDebug ? "d" : sampled ? "1" : "0";
  return parentSpanId === null ? `${ids}-${state}` : `${ids}-${state}-${parentSpanId}`;
}
