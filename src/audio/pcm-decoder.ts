import { audioDescriptors, samplingRate } from "../processes/audio-protocol.ts";
import { readBlocking } from "./blocking-io.ts";
import { countsFromZero } from "./counts-from-zero.ts";
import type { Decoder } from "./decoder.ts";
import type { ReadAt } from "./read-at.ts";
import type { Stopwatch } from "./stopwatch.ts";
import { TimedSamplesReader } from "./timed-samples.ts";
import { silence, Timeline } from "./timeline.ts";

/**
 * Takes samples that another process decodes, which also tells the rest.
 * @param readUpload Reads from the file that is decoded.
 * @param waiting Runs while there are no samples to take.
 * @param waitForEnd Returns once it is known that the samples ended because there are no more.
 */
export function* decodedElsewhere(readUpload: ReadAt, waiting: Stopwatch, waitForEnd: () => void): Decoder {
  const reader = new TimedSamplesReader((target) => waiting.time(() => readBlocking(audioDescriptors.samples, target)));
  let piece = reader.next();
  // Where there are samples, the file has begun. Other files' times begin anew anywhere, as those of chained streams do.
  const timeline =
    piece !== null && countsFromZero(readUpload)
      ? new Timeline({ startMs: 0, endMs: null, isDiscontinuous: false })
      : null;
  for (; piece !== null; piece = reader.next()) {
    const { timeMs, samples } = piece;
    yield* silence(timeline?.place(timeMs, (1000 * samples.length) / samplingRate) ?? 0);
    yield samples;
  }
  waiting.time(waitForEnd);
  return { container: "", codec: "", isCutOff: false, isDamaged: reader.isCutOff };
}
