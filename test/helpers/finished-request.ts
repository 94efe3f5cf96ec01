import type { ServiceEvents } from "../../src/events.ts";
import { requestIds } from "./request-ids.ts";

/** A classify request that ended well, with every field filled. */
export const finishedRequest: ServiceEvents["request_finished"] = {
  ...requestIds("r-1"),
  trace: {
    traceId: "a".repeat(32),
    spanId: "b".repeat(16),
    parentSpanId: null,
    isNew: true,
    sampled: null,
    isDebug: false,
    traceState: null,
  },
  startedAt: 1_000,
  timeline: null,
  method: "POST",
  route: "/v1/classify",
  clientId: "shop",
  channel: "web",
  media: "text",
  statusCode: 200,
  code: null,
  durationMs: 20,
  model: "small",
  isTask: true,
  inputLength: 42,
  steps: { queueMs: 4, preprocessMs: 0.5, inferenceMs: 8, totalMs: 12 },
  facts: {},
};
