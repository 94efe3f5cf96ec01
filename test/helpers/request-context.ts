import type { RequestTimeline } from "../../src/request-timeline.ts";
import { Deadline } from "../../src/scheduler/deadline.ts";
import type { RequestContext } from "../../src/scheduler/request-context.ts";
import { requestIds } from "./request-ids.ts";

interface ContextOptions {
  readonly requestId?: string;
  readonly address?: string;
  readonly clientId?: string;
  readonly deadline?: Deadline;
  readonly signal?: AbortSignal;
  readonly timeline?: RequestTimeline;
}

/** The context of a request that nobody aborts and whose deadline is far away, where the test says nothing else. */
export function requestContext(options: ContextOptions = {}): RequestContext {
  return {
    ...requestIds(options.requestId),
    client: { address: options.address ?? "192.0.2.1", clientId: options.clientId ?? "client" },
    deadline: options.deadline ?? Deadline.after(600_000),
    signal: options.signal ?? new AbortController().signal,
    timeline: options.timeline ?? null,
  };
}
