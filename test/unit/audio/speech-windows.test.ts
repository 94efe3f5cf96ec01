import fc from "fast-check";
import { expect, test } from "vitest";
import { SpeechWindows } from "../../../src/audio/speech-windows.ts";
import type { PackedWindow } from "../../../src/audio/window-packer.ts";
import { whisperWindows } from "../../helpers/window-shapes.ts";

const second = 16_000;
const frame = 512;

// Sound is made so that a sample tells its position, and a probability whether it is speech: positions below are in
// frames of 32 ms.

test("a file without speech has no window and no speech", async () => {
  const { windows, speechMs } = await run([[100, false]]);
  expect(windows).toEqual([]);
  expect(speechMs).toBe(0);
});

test("the speech of a short clip makes one window, and its samples are those of the clip", async () => {
  const { windows, speechMs } = await run([
    [32, false],
    [64, true],
    [32, false],
  ]);
  expect(windows).toHaveLength(1);
  expect(windows[0]?.segments).toEqual([{ start: 29 * frame, end: 99 * frame, windowStart: 0 }]);
  expect(speechMs).toBe(70 * 32);
});

test("a segment ends with the audio, not with the silence that fills its last frame", async () => {
  const { windows } = await run([[40, true]], { extraSamples: 100 });
  expect(windows[0]?.segments).toEqual([{ start: 0, end: 40 * frame + 100, windowStart: 0 }]);
});

test("what a cut leaves of the last frame is left out when it has no length in milliseconds", async () => {
  const { windows } = await run([[936, true]], { extraSamples: 7 });
  const segments = windows.flatMap((window) => window.segments);
  expect(segments).toEqual([{ start: 0, end: 936 * frame, windowStart: 0 }]);
});

test("a clip of one sample is no speech", async () => {
  const { windows } = await run([], { extraSamples: 1 });
  expect(windows).toEqual([]);
});

test("the first window is as long as the others when nobody waits for the first words", async () => {
  const { windows } = await run([[1500, true]], { isStreamed: false });
  expect(windows[0]?.samples.length).toBeGreaterThan(20 * second);
});

test("the first window of a stream is closed after 5 s of speech", async () => {
  const { windows } = await run([[1500, true]], { isStreamed: true });
  const [first, second_] = windows;
  expect(first?.samples.length).toBeLessThanOrEqual(5 * second);
  expect(first?.samples.length).toBeGreaterThanOrEqual(2.5 * second);
  expect(second_?.segments[0]?.start).toBe(first?.segments.at(-1)?.end);
  expect(second_?.samples.length).toBeGreaterThan(20 * second);
});

test("when an open segment will not fit, the window before it does not wait for its end", async () => {
  const seen: number[] = [];
  const speech = createSpeech(
    pattern([
      [469, true],
      [20, false],
      [469, true],
    ]),
    { onWindow: () => seen.push(0) },
  );
  // 15 s of speech, a pause, and 4 s of the next segment: together more than 18 s.
  await speech.push(sound(469 + 20 + 125));
  expect(seen).toHaveLength(1);
});

test("whatever the sound and the pieces that it comes in, windows hold each stretch of speech once and in order", async () => {
  await fc.assert(
    fc.asyncProperty(stretches, pieces, fc.boolean(), async (parts, sizes, isStreamed) => {
      const { windows, speechMs } = await run(parts, { isStreamed, pieces: sizes });
      const whole = await run(parts, { isStreamed });
      expect(windows.map(({ segments }) => segments)).toEqual(whole.windows.map(({ segments }) => segments));
      let end = 0;
      let speechSamples = 0;
      for (const { samples, segments } of windows) {
        for (const segment of segments) {
          expect(segment.start).toBeGreaterThanOrEqual(end);
          end = segment.end;
          speechSamples += segment.end - segment.start;
          const found = samples.subarray(segment.windowStart, segment.windowStart + segment.end - segment.start);
          expect(found.every((value, at) => value === valueAt(segment.start + at))).toBe(true);
        }
      }
      expect(speechMs).toBe(Math.round(speechSamples / 16));
    }),
    { numRuns: 8 },
  );
});

type Parts = readonly (readonly [frames: number, isSpeech: boolean])[];

const stretches = fc.array(fc.tuple(fc.integer({ min: 1, max: 600 }), fc.boolean()), { maxLength: 6 });
const pieces = fc.array(fc.integer({ min: 500, max: 30_000 }), { minLength: 1, maxLength: 5 });

interface RunOptions {
  readonly isStreamed?: boolean;
  readonly extraSamples?: number;
  /** Lengths of the pieces, over and over. */
  readonly pieces?: readonly number[];
}

async function run(
  parts: Parts,
  { isStreamed = false, extraSamples = 0, pieces: sizes = [16_000] }: RunOptions = {},
): Promise<{ windows: PackedWindow[]; speechMs: number }> {
  const windows: PackedWindow[] = [];
  const probabilities = pattern(parts);
  const speech = createSpeech(probabilities, { isStreamed, onWindow: (window) => windows.push(window) });
  const samples = sound(probabilities.length, extraSamples);
  let piece = 0;
  for (let at = 0; at < samples.length; ) {
    const size = sizes[piece++ % sizes.length] ?? 1;
    await speech.push(samples.slice(at, at + size));
    at += size;
  }
  await speech.finish();
  return { windows, speechMs: speech.speechMs };
}

function createSpeech(
  probabilities: readonly number[],
  options: { isStreamed?: boolean; onWindow: (window: PackedWindow) => void },
): SpeechWindows {
  return new SpeechWindows({
    shape: whisperWindows,
    probabilities: (samples) =>
      Promise.resolve(
        Float32Array.from({ length: samples.length / frame }, (_, at) => probabilities[indexOf(samples, at)] ?? 0),
      ),
    isStreamed: options.isStreamed ?? false,
    onWindow: options.onWindow,
  });
}

function pattern(parts: Parts): number[] {
  return parts.flatMap(([count, isSpeech]) => Array.from({ length: count }, () => (isSpeech ? 0.9 : 0.1)));
}

function sound(frames: number, extraSamples = 0): Float32Array {
  return Float32Array.from({ length: frames * frame + extraSamples }, (_, at) => valueAt(at));
}

/** Exact in 32 bits for the first 17 minutes, and never the silence of a gap. */
function valueAt(position: number): number {
  return position + 1;
}

function indexOf(samples: Float32Array, at: number): number {
  return Math.round(((samples[at * frame] ?? 0) - 1) / frame);
}
