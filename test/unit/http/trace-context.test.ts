import { describe, expect, it } from "vitest";
import { newTrace, traceFromHeaders, traceFromIds } from "../../../src/http/trace-context.ts";

const traceId = "80f198ee56343ba864fe8b2a57d3eff7";
const otherTraceId = "463ac35c9f6413ad48485a3953bb6124";
const spanId = "e457b5a2e4d86bd1";

describe("traceFromHeaders", () => {
  it("reads b3 with and without sampling state and parent span", () => {
    for (const rest of ["", "-1", "-d", "-0-05e3ac9a4f6e3b90"]) {
      expect(traceFromHeaders({ b3: `${traceId}-${spanId}${rest}` })).toEqual({ traceId, spanId });
    }
  });

  it("pads ids of 64 bits and lowers their case", () => {
    expect(traceFromHeaders({ b3: "463AC35C9F6413AD-E457B5A2E4D86BD1" })).toEqual({
      traceId: "0000000000000000463ac35c9f6413ad",
      spanId,
    });
  });

  it("reads X-B3 headers, and makes a span where none is named", () => {
    expect(traceFromHeaders({ "x-b3-traceid": traceId, "x-b3-spanid": spanId })).toEqual({ traceId, spanId });
    expect(traceFromHeaders({ "x-b3-traceid": traceId })).toEqual({
      traceId,
      spanId: expect.stringMatching(/^[0-9a-f]{16}$/),
    });
  });

  it("reads traceparent of version 00, and of later versions with more fields", () => {
    expect(traceFromHeaders({ traceparent: `00-${traceId}-${spanId}-01` })).toEqual({ traceId, spanId });
    expect(traceFromHeaders({ traceparent: `cc-${traceId}-${spanId}-01-what-ever` })).toEqual({ traceId, spanId });
  });

  it("prefers b3 to X-B3, and X-B3 to traceparent", () => {
    const traceparent = `00-${otherTraceId}-${spanId}-01`;
    const multiple = { "x-b3-traceid": traceId, "x-b3-spanid": spanId };
    expect(traceFromHeaders({ b3: `${otherTraceId}-${spanId}`, ...multiple })?.traceId).toBe(otherTraceId);
    expect(traceFromHeaders({ ...multiple, traceparent })?.traceId).toBe(traceId);
  });

  it("passes over what is malformed to the next header", () => {
    expect(traceFromHeaders({ b3: "1", "x-b3-traceid": traceId })?.traceId).toBe(traceId);
    expect(traceFromHeaders({ b3: "junk", "x-b3-traceid": "junk", traceparent: `00-${traceId}-${spanId}-00` })).toEqual(
      {
        traceId,
        spanId,
      },
    );
  });

  it.each([
    {},
    { b3: "" },
    { b3: "0" },
    { b3: `${"0".repeat(32)}-${spanId}` },
    { b3: `${traceId}${spanId}` },
    { b3: `${traceId}-${spanId}-2` },
    { "x-b3-traceid": "463ac35c9f6413a" },
    { "x-b3-traceid": "g".repeat(32) },
    { traceparent: `00-${traceId}-${spanId}` },
    { traceparent: `00-${traceId}-${spanId}-01-more` },
    { traceparent: `ff-${traceId}-${spanId}-01` },
    { traceparent: `00-${"0".repeat(32)}-${spanId}-01` },
  ])("finds no trace in %j", (headers) => {
    expect(traceFromHeaders(headers)).toBeNull();
  });
});

describe("traceFromIds", () => {
  it.each([undefined, null, 1, "", {}, "0".repeat(16), `${traceId}0`])("finds no trace in %j", (id) => {
    expect(traceFromIds(id, spanId)).toBeNull();
  });

  it("makes a new span for a malformed one", () => {
    expect(traceFromIds(traceId, "nope")?.spanId).toMatch(/^[0-9a-f]{16}$/);
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
});
