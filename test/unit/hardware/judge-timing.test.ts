import fc from "fast-check";
import { expect, test } from "vitest";
import { type GpuProfile, gpuProfiles } from "../../../src/hardware/hardware-profiles.ts";
import { judgeTiming, operationsToTime, type TimedGraphs } from "../../../src/hardware/judge-timing.ts";

const profiles = fc.constantFrom(...gpuProfiles);
const sizes = fc.record({
  weights: fc.integer({ min: 1_000_000, max: 30_000_000_000 }),
  tokens: fc.integer({ min: 128, max: 1_000_000 }),
});

test("no device that keeps to its data sheet is taken for one that computes nothing", () => {
  fc.assert(
    fc.property(profiles, sizes, fc.double({ min: 1, max: 1000, noNaN: true }), (profile, size, slower) => {
      const milliseconds = slower * Math.max(atPeakMs(size, profile), readMs(size, profile));
      expect(judge({ ...size, milliseconds }, profile).kind).not.toBe("impossible");
    }),
  );
});

test("a run in less than half of what its arithmetic or its weights take at best computed nothing", () => {
  fc.assert(
    fc.property(profiles, sizes, fc.double({ min: 0, max: 0.5, noNaN: true }), (profile, size, share) => {
      const milliseconds = share * Math.max(atPeakMs(size, profile), readMs(size, profile));
      expect(judge({ ...size, milliseconds }, profile)).toEqual({
        kind: "impossible",
        detail: expect.stringMatching(/^nothing was computed: a run of /),
      });
    }),
  );
});

test("a device is slow below a hundredth of its peak, and only a run of some length tells", () => {
  fc.assert(
    fc.property(profiles, sizes, fc.double({ min: 0.9, max: 10_000, noNaN: true }), (profile, size, slower) => {
      const milliseconds = slower * Math.max(atPeakMs(size, profile), readMs(size, profile));
      const speed = judge({ ...size, milliseconds }, profile);
      const share = atPeakMs(size, profile) / milliseconds;
      fc.pre(Math.abs(share - 0.01) > 1e-6 && Math.abs(atPeakMs(size, profile) - 1) > 1e-6);
      const long = share < 0.01 ? "slow" : "plausible";
      expect(speed.kind).toBe(atPeakMs(size, profile) < 1 ? "short" : long);
      expect("peakShare" in speed && speed.peakShare).toBeCloseTo(share, 6);
    }),
  );
});

test("what a graph cannot hold is not counted: a wrong configuration condemns no device", () => {
  const [profile] = gpuProfiles;
  const graphs = { graphBytes: 2e6, precision: "fp16" } as const;
  const size = { weights: 1e12, tokens: 100_000 };
  const honest = judgeTiming({ weights: 1e6, tokens: 100_000, milliseconds: 5, ...graphs }, profile as GpuProfile);
  expect(judgeTiming({ ...size, milliseconds: 5, ...graphs }, profile as GpuProfile)).toEqual(honest);
});

test.each(gpuProfiles)(
  "what is timed on $name is long enough to be judged, and ten milliseconds at its peak",
  (profile) => {
    const size = { weights: 100_000_000, tokens: operationsToTime(profile) / 2e8 };
    expect(atPeakMs(size, profile)).toBeCloseTo(10);
    expect(judge({ ...size, milliseconds: 30 }, profile).kind).toBe("plausible");
    expect(judge({ ...size, milliseconds: 3000 }, profile).kind).toBe("slow");
  },
);

type Size = Pick<TimedGraphs, "weights" | "tokens">;

function judge(timing: Size & { milliseconds: number }, profile: GpuProfile): ReturnType<typeof judgeTiming> {
  return judgeTiming({ ...timing, graphBytes: 3 * timing.weights, precision: "fp16" }, profile);
}

function atPeakMs({ weights, tokens }: Size, { operationsPerSecond }: GpuProfile): number {
  return ((2 * weights * tokens) / operationsPerSecond) * 1000;
}

/** Of 16 bits. */
function readMs({ weights }: Size, { memoryBytesPerSecond }: GpuProfile): number {
  return ((2 * weights) / memoryBytesPerSecond) * 1000;
}
