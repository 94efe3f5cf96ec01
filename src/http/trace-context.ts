import { randomFillSync } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** Where a request belongs in a distributed trace. */
export interface TraceContext {
  /** 32 lower-case hexadecimal digits, not all zero. */
  readonly traceId: string;
  /** 16 lower-case hexadecimal digits, not all zero: the caller's span when it named one. */
  readonly spanId: string;
}

const traceIdPattern = /^(?!0+$)(?:[0-9a-f]{16}|[0-9a-f]{32})$/i;
const spanIdPattern = /^(?!0+$)[0-9a-f]{16}$/i;

/** B3 single header, https://github.com/openzipkin/b3-propagation: trace, span, sampling state, parent span. */
const b3Pattern = /^([0-9a-f]{16}(?:[0-9a-f]{16})?)-([0-9a-f]{16})(?:-[01d](?:-[0-9a-f]{16})?)?$/i;

/** W3C Trace Context, level 1: version 00 has exactly four fields, later versions may add some; ff is not allowed. */
const traceparentPattern =
  /^(?!ff)(?:00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}|(?!00)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?)$/;

/** The trace that the headers name: `b3`, else `X-B3-*`, else `traceparent`. What is malformed counts as absent. */
export function traceFromHeaders(headers: IncomingHttpHeaders): TraceContext | null {
  const { b3, traceparent } = headers;
  if (typeof b3 === "string") {
    const match = b3Pattern.exec(b3);
    const trace = traceFromIds(match?.[1], match?.[2]);
    if (trace !== null) {
      return trace;
    }
  }
  const multiple = traceFromIds(headers["x-b3-traceid"], headers["x-b3-spanid"]);
  if (multiple !== null || typeof traceparent !== "string") {
    return multiple;
  }
  const match = traceparentPattern.exec(traceparent);
  return traceFromIds(match?.[1] ?? match?.[3], match?.[2] ?? match?.[4]);
}

/** A trace from ids as B3 writes them; null without a valid trace id. A missing or malformed span id is made anew. */
export function traceFromIds(traceId: unknown, spanId: unknown): TraceContext | null {
  if (typeof traceId !== "string" || !traceIdPattern.test(traceId)) {
    return null;
  }
  return {
    traceId: traceId.toLowerCase().padStart(32, "0"),
    spanId: typeof spanId === "string" && spanIdPattern.test(spanId) ? spanId.toLowerCase() : newTrace().spanId,
  };
}

/** Random bytes for many traces at once: asking for 24 bytes at a time costs ten times as much. */
const pool = Buffer.alloc(24 * 256);
let used = pool.length;

export function newTrace(): TraceContext {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const hex = pool.toString("hex", used, used + 24);
  used += 24;
  return { traceId: hex.slice(0, 32), spanId: hex.slice(32) };
}
