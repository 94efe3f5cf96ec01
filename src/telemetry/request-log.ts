import type { Config } from "../config.ts";
import type { EventBus, RequestIds, ServiceEvents } from "../events.ts";
import { boundedValue } from "./bounded-value.ts";
import type { LineLevel, Logger } from "./logger.ts";
import { isQuietRoute } from "./quiet-routes.ts";
import { isInShare } from "./trace-share.ts";

type FinishedRequest = ServiceEvents["request_finished"];

/** Writes one line for each finished request; of those that went well, the share that the settings ask for, by their traces. */
export function logRequests(events: EventBus, logger: Logger, config: () => Config): void {
  events.on("request_finished", (request) => {
    const settings = config();
    const { successSampleRatio } = settings.log;
    const isSampled = request.statusCode < 400 && successSampleRatio < 1;
    if (!isSampled || isInShare(request.traceId, successSampleRatio)) {
      const fields = fieldsOf(request, settings.telemetry);
      logger.write(
        levelOf(request),
        "request_finished",
        isSampled ? { ...fields, sample_ratio: successSampleRatio } : fields,
      );
    }
  });
}

function levelOf({ route, statusCode }: FinishedRequest): LineLevel {
  if (isQuietRoute(route)) {
    return "debug";
  }
  if (statusCode < 500) {
    return "info";
  }
  // A full service and a passed deadline are what limits are for; anything else needs someone.
  return statusCode === 503 || statusCode === 504 ? "warn" : "error";
}

function fieldsOf(request: FinishedRequest, { channels, media }: Config["telemetry"]): Record<string, unknown> {
  return {
    ...idFields(request),
    ...(request.trace.parentSpanId !== null && { parent_span_id: request.trace.parentSpanId }),
    method: request.method,
    route: request.route,
    client_id: request.clientId,
    channel: request.channel === null ? null : boundedValue(request.channel, channels),
    media: request.media === null ? null : boundedValue(request.media, media),
    model: request.model,
    input_length: request.inputLength,
    status: request.statusCode,
    code: request.code,
    duration_ms: rounded(request.durationMs),
    ...(request.steps !== null && {
      queue_ms: rounded(request.steps.queueMs),
      preprocess_ms: rounded(request.steps.preprocessMs),
      inference_ms: rounded(request.steps.inferenceMs),
      total_ms: rounded(request.steps.totalMs),
    }),
    ...(Object.keys(request.facts).length > 0 && { facts: request.facts }),
  };
}

/** What names a request on each of its lines. */
export function idFields({ requestId, traceId, spanId }: RequestIds): Record<string, string> {
  return { request_id: requestId, trace_id: traceId, span_id: spanId };
}

/** To the microsecond. */
function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 1_000) / 1_000;
}
