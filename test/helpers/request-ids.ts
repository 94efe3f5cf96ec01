import type { RequestIds } from "../../src/events.ts";

/** What names a request where the test says nothing else. */
export function requestIds(requestId = "request-1"): RequestIds {
  return { requestId, traceId: "a".repeat(32), spanId: "b".repeat(16) };
}
