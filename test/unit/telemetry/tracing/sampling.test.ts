import { ROOT_CONTEXT } from "@opentelemetry/api";
import { SamplingDecision, TraceIdRatioBasedSampler } from "@opentelemetry/sdk-trace";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { newTrace } from "../../../../src/http/trace-context.ts";
import { isSampled } from "../../../../src/telemetry/tracing/sampling.ts";

const route = "/v1/classify";

test("a trace is chosen by its id exactly where OpenTelemetry's sampler chooses it", () => {
  const hex = fc.string({ unit: fc.constantFrom(...Array.from("0123456789abcdef")), minLength: 32, maxLength: 32 });
  const ratio = fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1, noNaN: true }));
  fc.assert(
    fc.property(hex, ratio, (traceId, share) => {
      fc.pre(!/^0+$/.test(traceId));
      const theirs = new TraceIdRatioBasedSampler(share).shouldSample(ROOT_CONTEXT, traceId);
      const ours = isSampled({ ratio: share, followsCaller: true }, { ...newTrace(), traceId }, route);
      expect(ours).toBe(theirs.decision === SamplingDecision.RECORD_AND_SAMPLED);
    }),
  );
});

describe("the caller's decision", () => {
  it.each([
    [true, true, 0, true],
    [true, false, 1, false],
    [true, null, 1, true],
    [true, null, 0, false],
    [false, true, 0, false],
    [false, false, 1, true],
  ])(
    "when we follow it (%s) and it is %s, with ratio %d: recorded is %s",
    (followsCaller, sampled, ratio, expected) => {
      expect(isSampled({ ratio, followsCaller }, { ...newTrace(), sampled }, route)).toBe(expected);
    },
  );
});

test("of probes, only those that a caller records are recorded", () => {
  const settings = { ratio: 1, followsCaller: true };
  expect(isSampled(settings, newTrace(), "/metrics")).toBe(false);
  expect(isSampled(settings, { ...newTrace(), sampled: true }, "/metrics")).toBe(true);
});
