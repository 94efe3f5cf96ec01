import {
  type Context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  ROOT_CONTEXT,
  type SpanContext,
  type TextMapPropagator,
  TraceFlags,
  trace as traces,
} from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { B3InjectEncoding, B3Propagator } from "@opentelemetry/propagator-b3";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import type { TraceContext } from "../../../src/events.ts";
import { newTrace, traceFromHeaders } from "../../../src/http/trace-context.ts";
import { type TraceFormat, traceHeaders } from "../../../src/http/trace-headers.ts";

// The other side is OpenTelemetry's own propagators: what they read we read, and what we write they read.

type Headers = Readonly<Record<string, string>>;

const single = new B3Propagator();
const multiple = new B3Propagator({ injectEncoding: B3InjectEncoding.MULTI_HEADER });
const w3c = new W3CTraceContextPropagator();
const foreign: Readonly<Record<TraceFormat, TextMapPropagator>> = { b3: single, b3multi: multiple, tracecontext: w3c };

const trace = "80f198ee56343ba864fe8b2a57d3eff7";
const short = "64fe8b2a57d3eff7";
const span = "e457b5a2e4d86bd1";
const parent = "05e3ac9a4f6e3b90";

const padded = short.padStart(32, "0");

/** What a header says: the trace, whether it is recorded, and whether it is debugged. */
interface Reading {
  readonly traceId: string;
  readonly sampled: boolean | null;
  readonly isDebug: boolean;
}
const recorded: Reading = { traceId: trace, sampled: true, isDebug: false };
const denied: Reading = { traceId: trace, sampled: false, isDebug: false };
const deferred: Reading = { traceId: trace, sampled: null, isDebug: false };
const debugged: Reading = { traceId: trace, sampled: true, isDebug: true };

const matrix: readonly (readonly [name: string, format: TraceFormat, headers: Headers, reading: Reading | null])[] = [
  ["b3, recorded", "b3", { b3: `${trace}-${span}-1` }, recorded],
  ["b3, not recorded", "b3", { b3: `${trace}-${span}-0` }, denied],
  ["b3, debug", "b3", { b3: `${trace}-${span}-d` }, debugged],
  ["b3, undecided", "b3", { b3: `${trace}-${span}` }, deferred],
  ["b3, with its parent", "b3", { b3: `${trace}-${span}-1-${parent}` }, recorded],
  ["b3, 64 bits", "b3", { b3: `${short}-${span}-1` }, { ...recorded, traceId: padded }],
  ["b3, zeros as its trace", "b3", { b3: `${"0".repeat(32)}-${span}-1` }, null],
  ["b3, zeros as its span", "b3", { b3: `${trace}-${"0".repeat(16)}-1` }, null],
  ["b3, too short", "b3", { b3: `${short.slice(1)}-${span}-1` }, null],
  ["X-B3, recorded", "b3multi", { "x-b3-traceid": trace, "x-b3-spanid": span, "x-b3-sampled": "1" }, recorded],
  ["X-B3, not recorded", "b3multi", { "x-b3-traceid": trace, "x-b3-spanid": span, "x-b3-sampled": "0" }, denied],
  ["X-B3, true", "b3multi", { "x-b3-traceid": trace, "x-b3-spanid": span, "x-b3-sampled": "true" }, recorded],
  ["X-B3, false", "b3multi", { "x-b3-traceid": trace, "x-b3-spanid": span, "x-b3-sampled": "false" }, denied],
  ["X-B3, debug", "b3multi", { "x-b3-traceid": trace, "x-b3-spanid": span, "x-b3-flags": "1" }, debugged],
  ["X-B3, undecided", "b3multi", { "x-b3-traceid": trace, "x-b3-spanid": span }, deferred],
  [
    "X-B3, 64 bits and a parent",
    "b3multi",
    { "x-b3-traceid": short, "x-b3-spanid": span, "x-b3-parentspanid": parent, "x-b3-sampled": "1" },
    { ...recorded, traceId: padded },
  ],
  [
    "X-B3, nonsense as its decision",
    "b3multi",
    { "x-b3-traceid": trace, "x-b3-spanid": span, "x-b3-sampled": "yes" },
    null,
  ],
  ["traceparent, recorded", "tracecontext", { traceparent: `00-${trace}-${span}-01` }, recorded],
  ["traceparent, not recorded", "tracecontext", { traceparent: `00-${trace}-${span}-00` }, denied],
  ["traceparent, of a later version", "tracecontext", { traceparent: `cc-${trace}-${span}-01-what-ever` }, recorded],
  ["traceparent, version ff", "tracecontext", { traceparent: `ff-${trace}-${span}-01` }, null],
  ["traceparent, version 00 with a fifth field", "tracecontext", { traceparent: `00-${trace}-${span}-01-more` }, null],
  ["traceparent, in capitals", "tracecontext", { traceparent: `00-${trace.toUpperCase()}-${span}-01` }, null],
  ["traceparent, zeros as its span", "tracecontext", { traceparent: `00-${trace}-${"0".repeat(16)}-01` }, null],
];

function foreignReading(propagator: TextMapPropagator, headers: Headers): SpanContext | undefined {
  return traces.getSpanContext(propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter));
}

describe("the matrix of trace headers", () => {
  it("has 24 cases", () => {
    expect(matrix).toHaveLength(24);
  });

  it.each(matrix)("%s", (_name, format, headers, reading) => {
    const ours = traceFromHeaders(headers);
    const theirs = foreignReading(foreign[format], headers);
    if (reading === null) {
      expect({ ours, theirs }).toEqual({ ours: null, theirs: undefined });
      return;
    }
    expect(ours).toMatchObject({ ...reading, parentSpanId: span, isNew: false, traceState: null });
    // They have no word for undecided.
    const traceFlags = reading.sampled === true ? TraceFlags.SAMPLED : TraceFlags.NONE;
    expect(theirs).toMatchObject({ traceId: reading.traceId, spanId: span, traceFlags });
  });

  it.each(matrix)("what follows from it is read by others as we wrote it: %s", (_name, _format, headers) => {
    const ours = traceFromHeaders(headers) ?? newTrace();
    expectReadByOthers(ours);
  });
});

/** Whatever the format, others find our span as the parent, and our decision. */
function expectReadByOthers(ours: TraceContext): void {
  for (const format of ["b3", "b3multi", "tracecontext"] as const) {
    const headers = toRecord(traceHeaders(ours, [format]));
    const theirs = foreignReading(foreign[format], headers);
    expect(theirs).toMatchObject({
      traceId: ours.traceId,
      spanId: ours.spanId,
      traceFlags: ours.sampled === true ? TraceFlags.SAMPLED : TraceFlags.NONE,
    });
    // And what they write of it on their part is what we have written, but for what their formats leave out.
    expect(traceFromHeaders(inject(foreign[format], headers))).toMatchObject({
      traceId: ours.traceId,
      parentSpanId: ours.spanId,
      sampled: ours.sampled === true,
      isDebug: format !== "tracecontext" && ours.isDebug,
      traceState: format === "tracecontext" ? ours.traceState : null,
    });
  }
}

function inject(propagator: TextMapPropagator, read: Headers): Headers {
  const carrier: Record<string, string> = {};
  const context: Context = propagator.extract(ROOT_CONTEXT, read, defaultTextMapGetter);
  propagator.inject(context, carrier, defaultTextMapSetter);
  return carrier;
}

function toRecord(headers: readonly string[]): Headers {
  const names = headers.filter((_, index) => index % 2 === 0);
  return Object.fromEntries(names.map((name, index) => [name, headers[2 * index + 1] ?? ""]));
}

const hex = (length: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...Array.from("0123456789abcdef")), minLength: length, maxLength: length });
const traceId = fc.oneof({ weight: 4, arbitrary: hex(32) }, hex(16), hex(31), fc.constant("0".repeat(32)));
const spanId = fc.oneof({ weight: 4, arbitrary: hex(16) }, hex(15), fc.constant("0".repeat(16)));
const b3Header = fc
  .tuple(traceId, spanId, fc.constantFrom("", "-0", "-1", "-d", `-1-${parent}`, `-${parent}`, "-2", "-"))
  .map(([id, parentId, rest]) => ({ b3: `${id}-${parentId}${rest}` }));
const b3Headers = fc.record(
  {
    "x-b3-traceid": traceId,
    "x-b3-spanid": spanId,
    "x-b3-sampled": fc.constantFrom("0", "1", "true", "false", "d", ""),
    "x-b3-flags": fc.constantFrom("0", "1"),
  },
  { requiredKeys: ["x-b3-traceid", "x-b3-spanid"] },
);
const traceparent = fc
  .tuple(
    fc.oneof(fc.constantFrom("00", "01", "ff", "0G"), hex(2)),
    traceId,
    spanId,
    fc.oneof({ weight: 4, arbitrary: hex(2) }, hex(1)),
  )
  .chain(([version, id, parentId, flags]) =>
    fc
      .constantFrom("", "-", "-more", "x")
      .map((rest) => ({ traceparent: `${version}-${id}-${parentId}-${flags}${rest}` })),
  );

describe("any headers", () => {
  test("traceparent is read exactly where others read it", () => {
    fc.assert(
      fc.property(traceparent, (headers) => {
        const theirs = foreignReading(w3c, headers);
        const ours = traceFromHeaders(headers);
        expect(
          ours === null ? null : { traceId: ours.traceId, spanId: ours.parentSpanId, sampled: ours.sampled },
        ).toEqual(
          theirs === undefined
            ? null
            : { traceId: theirs.traceId, spanId: theirs.spanId, sampled: (theirs.traceFlags & 1) === 1 },
        );
      }),
    );
  });

  test("B3 that we read, others read alike", () => {
    const headers = fc.oneof(b3Header, b3Headers);
    fc.assert(
      fc.property(headers, (each) => {
        const ours = traceFromHeaders(each);
        // A trace without a span, and a decision without a trace, mean something to us alone.
        fc.pre(ours !== null && ours.parentSpanId !== null);
        const theirs = foreignReading(single, each);
        expect(theirs).toMatchObject({
          traceId: ours?.traceId,
          spanId: ours?.parentSpanId,
          traceFlags: ours?.sampled === true ? TraceFlags.SAMPLED : TraceFlags.NONE,
        });
      }),
    );
  });

  test("X-B3 that others read, we read alike", () => {
    fc.assert(
      fc.property(b3Headers, (headers) => {
        const theirs = foreignReading(multiple, headers);
        fc.pre(theirs !== undefined);
        expect(traceFromHeaders(headers)).toMatchObject({ traceId: theirs?.traceId, parentSpanId: theirs?.spanId });
      }),
    );
  });

  test("nothing but ids, a decision and a valid tracestate gets from headers into ours, whatever they hold", () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: "binary" }), fc.constant(`${trace}-${span}-1`));
    const names = ["b3", "x-b3-traceid", "x-b3-spanid", "x-b3-sampled", "x-b3-flags", "traceparent", "tracestate"];
    const anything = fc.dictionary(fc.constantFrom(...names), text);
    fc.assert(
      fc.property(anything, (headers) => {
        const written = traceHeaders(traceFromHeaders(headers) ?? newTrace(), ["b3", "b3multi", "tracecontext"]);
        expect(written.every((part) => /^[\x20-\x7e]{1,512}$/.test(part))).toBe(true);
      }),
    );
  });

  test("what we write of any trace, others read", () => {
    const decision = fc.constantFrom<Pick<TraceContext, "sampled" | "isDebug">>(
      { sampled: null, isDebug: false },
      { sampled: false, isDebug: false },
      { sampled: true, isDebug: false },
      { sampled: true, isDebug: true },
    );
    fc.assert(
      fc.property(
        decision,
        fc.option(fc.constant(parent)),
        fc.option(fc.constant("a=1,b@c=2")),
        (sampling, id, state) => {
          expectReadByOthers({ ...newTrace(), ...sampling, parentSpanId: id, traceState: state });
        },
      ),
    );
  });
});
