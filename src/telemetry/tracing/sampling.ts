import type { SamplerSettings } from "../../config/tracing-environment.ts";
import type { TraceContext } from "../../events.ts";
import { isQuietRoute } from "../quiet-routes.ts";

/**
 * Whether the trace of a request is recorded. Of undecided traces the share of `ratio` is, chosen by the trace's id, so
 * that all services which do likewise choose the same ones. What machines ask for every few seconds is recorded only
 * when they ask for that, too.
 */
export function isSampled({ ratio, followsCaller }: SamplerSettings, trace: TraceContext, route: string): boolean {
  if (followsCaller && trace.sampled !== null) {
    return trace.sampled;
  }
  return !isQuietRoute(route) && isChosen(trace.traceId, ratio);
}

/** As OpenTelemetry's `TraceIdRatioBased` of JavaScript: the four words of the id, folded into one. */
function isChosen(traceId: string, ratio: number): boolean {
  if (ratio === 1) {
    return true;
  }
  const words = [0, 8, 16, 24].map((start) => Number.parseInt(traceId.slice(start, start + 8), 16));
  const folded = words.reduce((one, other) => one ^ other, 0) >>> 0;
  return folded < Math.floor(ratio * 0xffff_ffff);
}
