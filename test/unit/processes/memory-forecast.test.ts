import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type MemorySample,
  type MemoryTrend,
  memoryTrend,
  secondsToLimit,
} from "../../../src/processes/memory-forecast.ts";
import { randomNumbers } from "../../helpers/random-numbers.ts";

const mebibyte = 1024 * 1024;
const clock = fc.double({ min: 0, max: 1e12, noNaN: true });
const counts = fc.integer({ min: 16, max: 200 });

test("a straight line is met exactly, wherever the clock and the memory begin", () => {
  const slopes = fc.double({ min: 1, max: 1e10, noNaN: true });
  fc.assert(
    fc.property(clock, fc.integer({ min: 0, max: 2 ** 40 }), slopes, counts, (startMs, bytes, slope, count) => {
      const trend = trendOf(samplesOf(count, (seconds) => bytes + slope * seconds, startMs));
      // The clock itself has no more digits than that, so late; nor has a sum of many bytes and a slight slope.
      const tolerance = (startMs > 1e9 ? 1e-3 : 1e-6) + (bytes * Number.EPSILON) / slope;
      expect(Math.abs(trend.bytesPerSecond / slope - 1)).toBeLessThan(tolerance);
      expect(trend.isGrowing).toBe(true);
    }),
  );
});

test("the limit of a line is forecast for when it gets there, 0 once it is there", () => {
  const trend = trendOf(samplesOf(30, (seconds) => 100 * mebibyte + 2 * mebibyte * seconds));
  expect(secondsToLimit(trend, 160 * mebibyte, 200 * mebibyte)).toBeCloseTo(20, 6);
  expect(secondsToLimit(trend, 200 * mebibyte, 200 * mebibyte)).toBe(0);
  expect(secondsToLimit(trend, 201 * mebibyte, 200 * mebibyte)).toBe(0);
});

test("memory that does not grow never gets to its limit, but what is above it is there already", () => {
  const level = trendOf(samplesOf(30, () => 100 * mebibyte));
  expect(level).toEqual({ bytesPerSecond: 0, isGrowing: false });
  expect(secondsToLimit(level, 100 * mebibyte, 101 * mebibyte)).toBeNull();
  expect(secondsToLimit(level, 100 * mebibyte, 99 * mebibyte)).toBe(0);
});

test("noise on a level is no growth", () => {
  fc.assert(
    fc.property(fc.integer(), counts, fc.integer({ min: 1, max: 2 ** 30 }), (seed, count, amplitude) => {
      const random = randomNumbers(seed);
      expect(trendOf(samplesOf(count, () => 2 ** 31 + amplitude * random())).isGrowing).toBe(false);
    }),
    { numRuns: 500 },
  );
});

test("growth is found under noise, with about its slope", () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 30, max: 120 }), (seed, count) => {
      const random = randomNumbers(seed);
      // The noise is as large as what is gained in a sixth of the window.
      const noise = (count * mebibyte) / 6;
      const trend = trendOf(samplesOf(count, (seconds) => mebibyte * seconds + noise * random()));
      expect(trend.isGrowing).toBe(true);
      expect(trend.bytesPerSecond / mebibyte).toBeGreaterThan(0.8);
      expect(trend.bytesPerSecond / mebibyte).toBeLessThan(1.2);
    }),
  );
});

test("one step is no growth, wherever in the window it is", () => {
  fc.assert(
    fc.property(counts, fc.double({ min: 0, max: 1, noNaN: true }), (count, place) => {
      const step = place * count;
      expect(trendOf(samplesOf(count, (seconds) => (seconds < step ? 1 : 2) * mebibyte)).isGrowing).toBe(false);
    }),
  );
});

test("a warm-up that has levelled off by the middle of the window is no growth", () => {
  fc.assert(
    fc.property(fc.integer({ min: 16, max: 200 }), fc.double({ min: 0, max: 0.55, noNaN: true }), (count, place) => {
      const end = place * count;
      expect(trendOf(samplesOf(count, (seconds) => mebibyte * Math.min(seconds, end))).isGrowing).toBe(false);
    }),
  );
});

test("memory that shrinks is not growing", () => {
  fc.assert(
    fc.property(counts, fc.integer({ min: 1, max: 2 ** 30 }), (count, slope) => {
      const trend = trendOf(samplesOf(count, (seconds) => 2 ** 40 - slope * seconds));
      expect(trend.bytesPerSecond).toBeLessThan(0);
      expect(trend.isGrowing).toBe(false);
    }),
  );
});

test("what is looked at unevenly has the same trend", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0.1, max: 5, noNaN: true }), { minLength: 16, maxLength: 60 }), (gaps) => {
      let seconds = 0;
      const samples = gaps.map((gap) => {
        seconds += gap;
        return { atMs: seconds * 1000, bytes: 5 * mebibyte * seconds };
      });
      expect(trendOf(samples).bytesPerSecond / mebibyte).toBeCloseTo(5, 6);
    }),
  );
});

test("too few samples have no trend, nor have those of one moment", () => {
  expect(memoryTrend([])).toBeNull();
  expect(memoryTrend(samplesOf(15, (seconds) => seconds))).toBeNull();
  expect(memoryTrend(samplesOf(16, (seconds) => seconds))).not.toBeNull();
  expect(memoryTrend(Array.from({ length: 20 }, (_, index) => ({ atMs: 5, bytes: index })))).toBeNull();
});

/** One sample a second. */
function samplesOf(count: number, bytesAt: (seconds: number) => number, startMs = 0): MemorySample[] {
  return Array.from({ length: count }, (_, second) => ({ atMs: startMs + second * 1000, bytes: bytesAt(second) }));
}

function trendOf(samples: readonly MemorySample[]): MemoryTrend {
  const trend = memoryTrend(samples);
  if (trend === null) {
    throw new Error(`${samples.length} samples have no trend`);
  }
  return trend;
}
