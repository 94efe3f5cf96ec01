import type { IncomingHttpHeaders } from "node:http";
import type { TraceContext } from "../events.ts";
import { randomSpanId, randomTraceId } from "./random-ids.ts";

/** What a caller says of its trace. Without ids it is a decision on the trace that begins here. */
interface CallerTrace {
  readonly traceId: string | null;
  readonly spanId: string | null;
  readonly sampled: boolean | null;
  readonly isDebug: boolean;
  readonly traceState: string | null;
}

type Sampling = Pick<CallerTrace, "sampled" | "isDebug">;

const traceIdPattern = /^(?!0+$)(?:[0-9a-f]{16}|[0-9a-f]{32})$/i;
const spanIdPattern = /^(?!0+$)[0-9a-f]{16}$/i;

/** B3 single header, https://github.com/openzipkin/b3-propagation: trace, span, sampling state, parent span. */
const b3Pattern = /^([0-9a-f]{16}(?:[0-9a-f]{16})?)-([0-9a-f]{16})(?:-([01d]))?(?:-[0-9a-f]{16})?$/i;

const undecided: Sampling = { sampled: null, isDebug: false };
/** What the sampling states of `b3` and the values of `X-B3-Sampled` mean; early tracers wrote the words. */
const samplings: ReadonlyMap<string, Sampling> = new Map([
  ["0", { sampled: false, isDebug: false }],
  ["1", { sampled: true, isDebug: false }],
  ["d", { sampled: true, isDebug: true }],
]);
const sampledWords: ReadonlyMap<string, boolean> = new Map([
  ["0", false],
  ["1", true],
  ["false", false],
  ["true", true],
]);

/**
 * W3C Trace Context, https://www.w3.org/TR/trace-context/: version 00 has exactly four fields, later versions may add
 * some; ff is not allowed, nor are capitals.
 */
const traceparentPattern =
  /^(?!ff|00.{53}-)[0-9a-f]{2}-((?!0{32})[0-9a-f]{32})-((?!0{16})[0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;

/** Longest `tracestate` that is passed on, in characters, and its entries: what the specification asks for. */
const maxTraceStateLength = 512;
const maxTraceStateEntries = 32;
const traceStateEntryPattern =
  /^(?:[a-z][a-z0-9_\-*/]{0,255}|[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13})=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;

/**
 * The trace that the headers name, with a span of our own: `b3`, else `X-B3-*`, else `traceparent`. What is malformed
 * counts as absent; null when there is nothing.
 */
export function traceFromHeaders(headers: IncomingHttpHeaders): TraceContext | null {
  const caller = fromB3(headers["b3"]) ?? fromB3Headers(headers) ?? fromTraceparent(headers);
  return caller === null ? null : traceBelow(caller);
}

/**
 * A trace from ids as B3 writes them, with a span of our own; null without a valid trace id. A missing or malformed span
 * id is passed over.
 */
export function traceFromIds(traceId: unknown, spanId: unknown): TraceContext | null {
  const id = idFrom(traceId, traceIdPattern);
  if (id === null) {
    return null;
  }
  return traceBelow({ ...undecided, traceId: id, spanId: idFrom(spanId, spanIdPattern), traceState: null });
}

/** A trace that begins here. */
export function newTrace(): TraceContext {
  return traceBelow({ ...undecided, traceId: null, spanId: null, traceState: null });
}

function traceBelow({ traceId, spanId, sampled, isDebug, traceState }: CallerTrace): TraceContext {
  return {
    traceId: traceId?.toLowerCase().padStart(32, "0") ?? randomTraceId(),
    spanId: randomSpanId(),
    parentSpanId: spanId?.toLowerCase() ?? null,
    isNew: traceId === null,
    sampled,
    isDebug,
    traceState,
  };
}

function fromB3(header: unknown): CallerTrace | null {
  if (typeof header !== "string") {
    return null;
  }
  const decision = samplings.get(header);
  if (decision !== undefined) {
    return { ...decision, traceId: null, spanId: null, traceState: null };
  }
  const match = b3Pattern.exec(header);
  const traceId = idFrom(match?.[1], traceIdPattern);
  const spanId = idFrom(match?.[2], spanIdPattern);
  if (traceId === null || spanId === null) {
    return null;
  }
  const sampling = samplings.get(match?.[3]?.toLowerCase() ?? "") ?? undecided;
  return { traceId, spanId, ...sampling, traceState: null };
}

function fromB3Headers(headers: IncomingHttpHeaders): CallerTrace | null {
  const sampling = samplingFromB3Headers(headers);
  if (sampling === null) {
    return null;
  }
  const traceId = idFrom(headers["x-b3-traceid"], traceIdPattern);
  if (traceId !== null) {
    return { ...sampling, traceId, spanId: idFrom(headers["x-b3-spanid"], spanIdPattern), traceState: null };
  }
  // Ids that cannot be read take the decision beside them along.
  const isDecision = headers["x-b3-traceid"] === undefined && sampling.sampled !== null;
  return isDecision ? { ...sampling, traceId: null, spanId: null, traceState: null } : null;
}

/** Null when `X-B3-Sampled` is malformed. */
function samplingFromB3Headers(headers: IncomingHttpHeaders): Sampling | null {
  if (headers["x-b3-flags"] === "1") {
    return { sampled: true, isDebug: true };
  }
  const word = headers["x-b3-sampled"];
  if (word === undefined) {
    return undecided;
  }
  const sampled = sampledWords.get(String(word).toLowerCase());
  return sampled === undefined ? null : { sampled, isDebug: false };
}

function fromTraceparent({ traceparent, tracestate }: IncomingHttpHeaders): CallerTrace | null {
  const [, traceId, spanId, flags] =
    typeof traceparent === "string" ? (traceparentPattern.exec(traceparent) ?? []) : [];
  if (traceId === undefined || spanId === undefined || flags === undefined) {
    return null;
  }
  const sampled = (Number.parseInt(flags, 16) & 1) === 1;
  return { traceId, spanId, sampled, isDebug: false, traceState: traceStateFrom(tracestate) };
}

/** The entries of `tracestate`, without empty ones; null when there is none, or one that is malformed. */
function traceStateFrom(header: unknown): string | null {
  if (typeof header !== "string") {
    return null;
  }
  const entries = header
    .split(",")
    .map((entry) => entry.replaceAll(/^[\t ]+|[\t ]+$/g, ""))
    .filter((entry) => entry !== "");
  const keys = new Set(entries.map((entry) => entry.slice(0, entry.indexOf("="))));
  const text = entries.join(",");
  const isValid =
    entries.length > 0 &&
    entries.length <= maxTraceStateEntries &&
    keys.size === entries.length &&
    text.length <= maxTraceStateLength &&
    entries.every((entry) => traceStateEntryPattern.test(entry));
  return isValid ? text : null;
}

function idFrom(value: unknown, pattern: RegExp): string | null {
  return typeof value === "string" && pattern.test(value) ? value : null;
}
