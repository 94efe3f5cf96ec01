import fc from "fast-check";
import { expect, test } from "vitest";
import { type PackedWindow, WindowPacker } from "../../../src/audio/window-packer.ts";
import { whisperWindows } from "../../helpers/window-shapes.ts";

const second = 16_000;

test("an empty packer has no window", () => {
  expect(new WindowPacker(whisperWindows).flush()).toBeNull();
});

test("segments lie one behind the other with half a second of silence between them, and keep their true times", () => {
  const packer = new WindowPacker(whisperWindows);
  packer.add(2 * second, new Float32Array(second).fill(0.5));
  packer.add(60 * second, new Float32Array(3 * second).fill(0.25));
  const window = packer.flush();
  expect(window?.segments).toEqual([
    { start: 2 * second, end: 3 * second, windowStart: 0 },
    { start: 60 * second, end: 63 * second, windowStart: 1.5 * second },
  ]);
  expect(window?.samples.length).toBe(4.5 * second);
  expect([...new Set(window?.samples.subarray(0, second))]).toEqual([0.5]);
  expect([...new Set(window?.samples.subarray(second, 1.5 * second))]).toEqual([0]);
  expect([...new Set(window?.samples.subarray(1.5 * second))]).toEqual([0.25]);
});

test.each([
  [0.1, 1500],
  [15, 1500],
  [15.01, 1502],
  [29.984, 3000],
])("%f s of speech make %i frames: even, and 15 s at least", (seconds, expected) => {
  const packer = new WindowPacker(whisperWindows);
  packer.add(0, new Float32Array(Math.round(seconds * second)));
  expect(packer.flush()?.frames).toBe(expected);
});

test("nothing of a window is left in the next", () => {
  const packer = new WindowPacker(whisperWindows);
  packer.add(0, new Float32Array(5 * second).fill(1));
  packer.flush();
  packer.add(0, new Float32Array(second).fill(0.5));
  packer.add(0, new Float32Array(second).fill(0.5));
  expect([...new Set(packer.flush()?.samples)]).toEqual([0.5, 0]);
});

test("whatever the lengths, every segment comes out once, in order, and no window is longer than 30 s", () => {
  const length = fc.integer({ min: 512, max: 479_744 });
  fc.assert(
    fc.property(fc.array(length, { minLength: 1, maxLength: 30 }), (lengths) => {
      const windows = pack(lengths);
      expect(windows.flatMap(({ segments }) => segments.map(({ start, end }) => end - start))).toEqual(lengths);
      for (const { frames, samples, segments } of windows) {
        expect(frames % 2).toBe(0);
        expect(frames).toBeGreaterThanOrEqual(1500);
        expect(frames).toBeLessThanOrEqual(3000);
        expect(frames * 160).toBeGreaterThanOrEqual(samples.length);
        // More than 18 s are packed only when one segment alone is longer.
        expect(samples.length <= 18 * second || segments.length === 1).toBe(true);
        // Each segment's samples hold its number.
        expect(segments.every(({ start, windowStart }) => samples[windowStart] === start)).toBe(true);
      }
    }),
    { numRuns: 30 },
  );
});

/** Each segment starts at its number and is filled with it. */
function pack(lengths: readonly number[]): PackedWindow[] {
  const packer = new WindowPacker(whisperWindows);
  const windows = lengths.map((length, number) => {
    const full = packer.isFullFor(length) ? packer.flush() : null;
    packer.add(number, new Float32Array(length).fill(number));
    return full;
  });
  return [...windows, packer.flush()].filter((window) => window !== null);
}
