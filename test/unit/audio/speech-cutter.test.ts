import fc from "fast-check";
import { expect, test } from "vitest";
import { SpeechCutter, type SpeechRange } from "../../../src/audio/speech-cutter.ts";

test("silence gives nothing", () => {
  expect(cutAll(frames([0.1, 500]))).toEqual([]);
});

test("speech is cut at a pause of half a second and keeps 96 ms on either side", () => {
  expect(cutAll(frames([0.1, 50], [0.9, 40], [0.1, 16], [0.9, 30], [0.1, 40]))).toEqual([
    { start: 47, end: 93 },
    { start: 103, end: 139 },
  ]);
});

test("a pause shorter than that does not cut", () => {
  expect(cutAll(frames([0.1, 50], [0.9, 40], [0.1, 15], [0.9, 30], [0.1, 40]))).toEqual([{ start: 47, end: 138 }]);
});

test("a segment of more than 15 s is cut at a pause of 0.2 s", () => {
  expect(cutAll(frames([0.9, 480], [0.1, 6], [0.9, 100], [0.1, 40]))).toEqual([
    { start: 0, end: 483 },
    { start: 483, end: 589 },
  ]);
});

test("a click of five frames is no speech", () => {
  expect(cutAll(frames([0.1, 50], [0.9, 5], [0.1, 50]))).toEqual([]);
  expect(cutAll(frames([0.1, 50], [0.9, 6], [0.1, 50]))).toHaveLength(1);
});

test("speech goes on at a probability that would not have begun it", () => {
  expect(cutAll(frames([0.9, 10], [0.4, 50], [0.1, 40]))).toEqual([{ start: 0, end: 63 }]);
  expect(cutAll(frames([0.4, 200]))).toEqual([]);
});

test("speech without a pause is cut where it is least likely in its last third", () => {
  const [first, second] = cutAll(frames([0.9, 100], [0.5, 1], [0.9, 700], [0.6, 1], [0.9, 300], [0.1, 40]));
  expect(first).toEqual({ start: 0, end: 801 });
  expect(second).toEqual({ start: 801, end: 1105 });
});

test("a cut in a pause that then ends the segment leaves no segment behind", () => {
  expect(cutAll(frames([0.95, 932], [0.05, 16]))).toEqual([{ start: 0, end: 936 }]);
});

test("the end of the audio ends a segment", () => {
  expect(cutAll(frames([0.1, 10], [0.9, 20]))).toEqual([{ start: 7, end: 30 }]);
});

test("a cut on demand ends the open segment, and the next one begins there", () => {
  const cutter = new SpeechCutter();
  frames([0.9, 90], [0.5, 1], [0.9, 9]).forEach((probability) => cutter.push(probability));
  expect(cutter.cut(30)).toEqual({ start: 0, end: 90 });
  expect(cutter.openFrames).toBe(10);
  expect(cutter.finish()).toEqual({ start: 90, end: 100 });
});

test("in silence there is nothing to cut", () => {
  expect(new SpeechCutter().cut(30)).toBeNull();
});

test("segments are in order, apart, within the audio, at most 30 s long, and hold every stretch of clear speech", () => {
  const stretch = fc.tuple(fc.constantFrom(0.05, 0.3, 0.4, 0.6, 0.95), fc.integer({ min: 1, max: 1200 }));
  fc.assert(
    fc.property(fc.array(stretch, { maxLength: 12 }), (stretches) => {
      const probabilities = frames(...stretches);
      const ranges = cutAll(probabilities);
      ranges.forEach(({ start, end }, at) => {
        expect(start).toBeGreaterThanOrEqual(ranges[at - 1]?.end ?? 0);
        expect(end).toBeGreaterThan(start);
        expect(end - start).toBeLessThanOrEqual(937);
      });
      expect(ranges.at(-1)?.end ?? 0).toBeLessThanOrEqual(probabilities.length);
      const isSpeech = (frame: number): boolean => ranges.some(({ start, end }) => frame >= start && frame < end);
      const long = stretchStarts(stretches).filter(([probability, , length]) => probability >= 0.6 && length >= 6);
      expect(long.every(([, from, length]) => isSpeech(from) && isSpeech(from + length - 1))).toBe(true);
    }),
  );
});

test("samples that a coming segment holds are never given up", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(0.1, 0.4, 0.9), { maxLength: 3000 }), (probabilities) => {
      const cutter = new SpeechCutter();
      let kept = 0;
      for (const probability of probabilities) {
        const range = cutter.push(probability);
        expect(range === null || range.start >= kept).toBe(true);
        kept = cutter.firstNeededFrame;
      }
    }),
    { numRuns: 50 },
  );
});

function frames(...stretches: readonly (readonly [probability: number, count: number])[]): number[] {
  return stretches.flatMap(([probability, count]) => Array.from({ length: count }, () => probability));
}

function stretchStarts(
  stretches: readonly (readonly [number, number])[],
): (readonly [probability: number, from: number, length: number])[] {
  let from = 0;
  return stretches.map(([probability, length]) => {
    from += length;
    return [probability, from - length, length] as const;
  });
}

function cutAll(probabilities: readonly number[]): SpeechRange[] {
  const cutter = new SpeechCutter();
  const ranges = probabilities.map((probability) => cutter.push(probability));
  return [...ranges, cutter.finish()].filter((range) => range !== null);
}
