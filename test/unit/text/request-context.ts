import { Deadline } from "../../../src/scheduler/deadline.ts";
import type { RequestContext } from "../../../src/scheduler/request-context.ts";

/** A context without a time limit of its own; `address` says whose turns it uses up. */
export function contextOf(address = "one", signal = new AbortController().signal): RequestContext {
  return { requestId: "request", client: { address, clientId: "client" }, deadline: Deadline.after(60_000), signal };
}
