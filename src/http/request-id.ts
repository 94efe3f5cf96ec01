import { randomUUID } from "node:crypto";

/** What a client may name its request: safe in a header, in a log line and in a JSON string without escapes. */
const saneRequestId = /^[A-Za-z0-9._-]{1,128}$/;

/** The client's `X-Request-Id` when it is sane, else a new one. */
export function requestIdFrom(header: string | string[] | undefined): string {
  return typeof header === "string" && saneRequestId.test(header) ? header : randomUUID();
}
