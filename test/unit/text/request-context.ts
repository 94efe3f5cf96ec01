import { Deadline } from "../../../src/scheduler/deadline.ts";
import type { RequestContext } from "../../../src/scheduler/request-context.ts";
import { requestIds } from "../../helpers/request-ids.ts";

/** A context without a time limit of its own; `address` says whose turns it uses up. */
export function contextOf(address = "one", signal = new AbortController().signal): RequestContext {
  const client = { address, clientId: "client" };
  return { ...requestIds("request"), client, deadline: Deadline.after(60_000), signal, timeline: null };
}
