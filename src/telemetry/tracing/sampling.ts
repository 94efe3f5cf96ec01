import type { SamplerSettings } from "../../config/tracing-environment.ts";
import type { TraceContext } from "../../events.ts";
import { isQuietRoute } from "../quiet-routes.ts";
import { isInShare } from "../trace-share.ts";

/**
 * Whether the trace of a request is recorded. Of undecided traces the share of `ratio` is. What machines ask for every
 * few seconds is recorded only when they ask for that, too.
 */
export function isSampled({ ratio, followsCaller }: SamplerSettings, trace: TraceContext, route: string): boolean {
  if (followsCaller && trace.sampled !== null) {
    return trace.sampled;
  }
  return !isQuietRoute(route) && isInShare(trace.traceId, ratio);
}
