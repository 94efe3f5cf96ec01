import { describe, expect, it } from "vitest";
import { newTrace, traceFromHeaders, traceFromIds } from "../../../src/http/trace-context.ts";

// What OpenTelemetry's propagators read, too, is in trace-propagation.test.ts.

const traceId = "463ac35c9f6413ad48485a3953bb6124";
const otherTraceId = "0af7651916cd43dd8448eb211c80319c";
const spanId = "e457b5a2e4d86bd1";

describe("traceFromHeaders", () => {
  it("reads b3 with or without sampling state and parent, and makes a span of its own", () => {
    for (const rest of ["", "-1", "-d", "-0-05e3ac9a4f6e3b90", "-05e3ac9a4f6e3b90"]) {
      const trace = traceFromHeaders({ b3: `${traceId}-${spanId}${rest}` });
      expect(trace).toMatchObject({ traceId, parentSpanId: spanId, isNew: false });
      expect(trace?.spanId).toMatch(/^[0-9a-f]{16}$/);
      expect(trace?.spanId).not.toBe(spanId);
    }
  });

  it("pads ids of 64 bits, and lowers the case of B3's, which some old tracers write in capitals", () => {
    expect(traceFromHeaders({ b3: "463AC35C9F6413AD-E457B5A2E4D86BD1-D" })).toMatchObject({
      traceId: "0000000000000000463ac35c9f6413ad",
      parentSpanId: spanId,
      isDebug: true,
    });
  });

  it.each([
    ["0", { sampled: false, isDebug: false }],
    ["1", { sampled: true, isDebug: false }],
    ["d", { sampled: true, isDebug: true }],
  ])("begins a trace with the decision of a caller that sends b3: %s without ids", (b3, decision) => {
    const trace = traceFromHeaders({ b3, "x-b3-traceid": otherTraceId, traceparent: `00-${traceId}-${spanId}-01` });
    expect(trace).toMatchObject({ ...decision, isNew: true, parentSpanId: null });
    expect([traceId, otherTraceId]).not.toContain(trace?.traceId);
  });

  it("begins a trace with the decision of X-B3-Sampled or X-B3-Flags without ids", () => {
    expect(traceFromHeaders({ "x-b3-sampled": "0" })).toMatchObject({ sampled: false, isNew: true });
    expect(traceFromHeaders({ "x-b3-flags": "1" })).toMatchObject({ sampled: true, isDebug: true, isNew: true });
    expect(traceFromHeaders({ "x-b3-flags": "0" })).toBeNull();
  });

  it("joins the trace of an X-B3-TraceId without a span that can be read", () => {
    for (const headers of [{ "x-b3-traceid": traceId }, { "x-b3-traceid": traceId, "x-b3-spanid": "nope" }]) {
      expect(traceFromHeaders(headers)).toMatchObject({ traceId, parentSpanId: null, isNew: false });
    }
  });

  it("prefers b3 to X-B3, and X-B3 to traceparent", () => {
    const traceparent = `00-${otherTraceId}-${spanId}-01`;
    const multiple = { "x-b3-traceid": traceId, "x-b3-spanid": spanId };
    expect(traceFromHeaders({ b3: `${otherTraceId}-${spanId}`, ...multiple })?.traceId).toBe(otherTraceId);
    expect(traceFromHeaders({ ...multiple, traceparent })?.traceId).toBe(traceId);
  });

  it("passes over what is malformed to the next header", () => {
    const traceparent = `00-${traceId}-${spanId}-00`;
    expect(traceFromHeaders({ b3: "junk", "x-b3-traceid": "junk", traceparent })?.traceId).toBe(traceId);
    expect(traceFromHeaders({ b3: "junk", "x-b3-traceid": "junk", "x-b3-flags": "1" })).toBeNull();
  });

  it("takes tracestate along with the traceparent that it came with, and with nothing else", () => {
    const traceparent = `00-${traceId}-${spanId}-01`;
    const tracestate = "rojo=00f067aa0ba902b7,tenant@congo=t61rcWkgMzE";
    expect(traceFromHeaders({ traceparent, tracestate })?.traceState).toBe(tracestate);
    expect(traceFromHeaders({ traceparent, tracestate: ` a=1 ,, b=2\t` })?.traceState).toBe("a=1,b=2");
    expect(traceFromHeaders({ b3: `${traceId}-${spanId}-1`, traceparent, tracestate })?.traceState).toBeNull();
    expect(traceFromHeaders({ tracestate })).toBeNull();
  });

  it.each([
    "no-equals-sign",
    "UPPER=1",
    "a=1,a=2",
    "a=é",
    "a=b=c",
    `a=${"x".repeat(257)}`,
    `a=${"x".repeat(250)},b=${"y".repeat(250)},c=${"z".repeat(10)}`,
    Array.from({ length: 33 }, (_, index) => `k${index}=v`).join(","),
    "",
    ", ,",
  ])("leaves out the tracestate %j", (tracestate) => {
    expect(traceFromHeaders({ traceparent: `00-${traceId}-${spanId}-01`, tracestate })).toMatchObject({
      traceId,
      traceState: null,
    });
  });

  it.each([
    {},
    { b3: "" },
    { b3: "2" },
    { b3: `${"0".repeat(32)}-${spanId}` },
    { b3: `${traceId}${spanId}` },
    { b3: `${traceId}-${spanId}-2` },
    { b3: `${traceId}-${spanId}-1, ${otherTraceId}-${spanId}-1` },
    { "x-b3-traceid": "463ac35c9f6413a" },
    { "x-b3-traceid": "g".repeat(32) },
    { "x-b3-traceid": traceId, "x-b3-sampled": "maybe" },
    { traceparent: `00-${traceId}-${spanId}` },
    { traceparent: `00-${traceId}-${spanId}-01-more` },
    { traceparent: `ff-${traceId}-${spanId}-01` },
    { traceparent: `00-${"0".repeat(32)}-${spanId}-01` },
    { traceparent: `00-${traceId}-${"0".repeat(16)}-01` },
    { traceparent: `00-${traceId.toUpperCase()}-${spanId}-01` },
  ])("finds no trace in %j", (headers) => {
    expect(traceFromHeaders(headers)).toBeNull();
  });
});

describe("traceFromIds", () => {
  it.each([undefined, null, 1, "", {}, "0".repeat(16), `${traceId}0`])("finds no trace in %j", (id) => {
    expect(traceFromIds(id, spanId)).toBeNull();
  });

  it("has the named span as its parent, and none for a malformed one", () => {
    expect(traceFromIds(traceId, spanId)).toMatchObject({ traceId, parentSpanId: spanId, sampled: null });
    expect(traceFromIds(traceId, "nope")).toMatchObject({ traceId, parentSpanId: null });
  });
});

describe("newTrace", () => {
  it("makes ids of the right length that do not repeat", () => {
    const traces = Array.from({ length: 2_000 }, newTrace);
    expect(new Set(traces.map((trace) => trace.traceId)).size).toBe(2_000);
    expect(new Set(traces.map((trace) => trace.spanId)).size).toBe(2_000);
    expect(traces.every((trace) => /^[0-9a-f]{32}$/.test(trace.traceId) && /^[0-9a-f]{16}$/.test(trace.spanId))).toBe(
      true,
    );
  });

  it("has no parent, and leaves it open whether it is recorded", () => {
    expect(newTrace()).toMatchObject({ parentSpanId: null, isNew: true, sampled: null, traceState: null });
  });
});
