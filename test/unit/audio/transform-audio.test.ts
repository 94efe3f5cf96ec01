import fc from "fast-check";
import { expect, test } from "vitest";
import type { DecodedFile } from "../../../src/audio/decoder.ts";
import { transformAudio } from "../../../src/audio/transform-audio.ts";
import type { AudioWindowMessage } from "../../../src/processes/audio-protocol.ts";
import { whisperWindows } from "../../helpers/window-shapes.ts";

const rate = 16_000;
const frame = 512;
const file: DecodedFile = { container: "wav", codec: "pcm_s16le", isCutOff: false, isDamaged: false };

test("begun again after any window, the windows that follow are the same ones", async () => {
  await fc.assert(
    fc.asyncProperty(stretches, fc.boolean(), fc.nat(), async (parts, isStreamed, choice) => {
      const whole = await transform(parts, { isStreamed });
      const deliveredWindows = choice % (whole.windows.length + 1);
      const rest = await transform(parts, { isStreamed, deliveredWindows });
      expect(rest.windows).toEqual(whole.windows.slice(deliveredWindows));
      expect(rest.speechMs).toBe(whole.speechMs);
    }),
    { numRuns: 10 },
  );
});

test("progress tells how much was decoded, silence included", async () => {
  const { progress } = await transform([[100, false]]);
  expect(progress).toEqual([1000, 2000, 3000, 3200]);
});

test("audio that is longer than allowed is refused", async () => {
  await expect(transform([[100, false]], { maxSeconds: 3 })).rejects.toMatchObject({ fault: "too_long" });
});

test("a file without a sample is refused", async () => {
  await expect(transform([])).rejects.toMatchObject({ fault: "no_samples" });
});

/** Stretches of 32 ms each; a sample of speech is loud, one of silence is not. */
type Parts = readonly (readonly [frames: number, isSpeech: boolean])[];

const stretches = fc.array(fc.tuple(fc.integer({ min: 1, max: 600 }), fc.boolean()), { minLength: 1, maxLength: 6 });

async function transform(
  parts: Parts,
  { isStreamed = false, deliveredWindows = 0, maxSeconds = 1000 }: Partial<Options> = {},
): Promise<{ windows: [AudioWindowMessage, number][]; progress: number[]; speechMs: number }> {
  const windows: [AudioWindowMessage, number][] = [];
  const progress: number[] = [];
  const { speechMs } = await transformAudio({
    start: { windows: whisperWindows, maxSeconds, needsWholeFile: false, isStreamed, deliveredWindows },
    decoder: decode(parts),
    waitedMs: () => 0,
    probabilities: (samples) =>
      Promise.resolve(Float32Array.from({ length: samples.length / frame }, (_, at) => samples[at * frame] ?? 0)),
    endsEarly: () => false,
    onWindow: (message, features) => windows.push([message, features.reduce((sum, value) => sum + value, 0)]),
    onProgress: (decodedMs) => progress.push(decodedMs),
  });
  return { windows, progress, speechMs };
}

interface Options {
  readonly isStreamed: boolean;
  readonly deliveredWindows: number;
  readonly maxSeconds: number;
}

/** A second at a time. */
function* decode(parts: Parts): Generator<Float32Array, DecodedFile, void> {
  const samples = Float32Array.from(
    parts.flatMap(([count, isSpeech]) => Array.from({ length: count * frame }, () => (isSpeech ? 0.9 : 0.1))),
  );
  for (let at = 0; at < samples.length; at += rate) {
    yield samples.slice(at, at + rate);
  }
  return file;
}
