import type { RequestIds } from "../events.ts";
import type { RequestTimeline } from "../request-timeline.ts";
import type { Deadline } from "./deadline.ts";

/** Who asks, and until when: made at admission, handed down unchanged to every stage. */
export interface RequestContext extends RequestIds {
  readonly client: ClientKey;
  readonly deadline: Deadline;
  /** Aborted with a `ServiceError` as its reason: `deadline_exceeded`, `client_closed_request` or `draining`. */
  readonly signal: AbortSignal;
  /** Where stages note when they worked on it; null when nobody wants to know. */
  readonly timeline: RequestTimeline | null;
}

/**
 * Whose turn a piece of work uses up. Turns rotate between addresses first and between the clients of one address
 * second, so that a caller who invents client ids competes with itself only.
 */
export interface ClientKey {
  /** Of a client with a key, its name instead: it has one turn, wherever it is. */
  readonly address: string;
  readonly clientId: string;
}
