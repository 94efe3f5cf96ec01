import { type AudioEnd, type AudioStart, type AudioWindowMessage, samplingRate } from "../processes/audio-protocol.ts";
import { DecodeError, type Decoder } from "./decoder.ts";
import { LogMel } from "./log-mel.ts";
import { sanitiseSamples } from "./sanitise-samples.ts";
import { SpeechWindows } from "./speech-windows.ts";
import { Stopwatch } from "./stopwatch.ts";
import type { PackedWindow } from "./window-packer.ts";

export interface TransformAudioOptions {
  readonly start: AudioStart;
  readonly decoder: Decoder;
  /** Milliseconds for which the decoder waited: for the upload to grow, or for another process that decodes. */
  readonly waitedMs: () => number;
  readonly probabilities: (samples: Float32Array) => Promise<Float32Array>;
  /** Whether the upload, complete by then, ends before its own end, given how much was decoded. */
  readonly endsEarly: (durationMs: number) => boolean;
  /** Blocks while nobody takes the window. */
  readonly onWindow: (message: AudioWindowMessage, features: Float32Array) => void;
  /** Called for every piece of decoded sound, with the milliseconds decoded so far. */
  readonly onProgress: (decodedMs: number) => void;
}

const samplesPerMs = samplingRate / 1000;

/**
 * Decoded sound to windows of features, one after the other.
 * @throws DecodeError
 */
export async function transformAudio(options: TransformAudioOptions): Promise<AudioEnd> {
  const { start, decoder } = options;
  const decoding = new Stopwatch();
  const judging = new Stopwatch();
  const features = new Stopwatch();
  const logMel = new LogMel(start.windows.melBins, start.windows.logMelMaximum);
  let index = 0;
  const speech = new SpeechWindows({
    shape: start.windows,
    probabilities: (samples) => judging.timeAsync(() => options.probabilities(samples)),
    isStreamed: start.isStreamed,
    onWindow: (window) => {
      if (index >= start.deliveredWindows) {
        const spectrogram = features.time(() => logMel.features(window.samples, window.frames));
        options.onWindow(describe(window, index), spectrogram);
      }
      index++;
    },
  });
  let samples = 0;
  let step = decoding.time(() => decoder.next());
  for (; step.done !== true; step = decoding.time(() => decoder.next())) {
    samples += step.value.length;
    if (samples > start.maxSeconds * samplingRate) {
      throw new DecodeError("too_long");
    }
    sanitiseSamples(step.value);
    await speech.push(step.value);
    options.onProgress(Math.floor(samples / samplesPerMs));
  }
  if (samples === 0) {
    throw new DecodeError("no_samples");
  }
  await speech.finish();
  const durationMs = Math.round(samples / samplesPerMs);
  return {
    type: "end",
    ...step.value,
    isCutOff: step.value.isCutOff || options.endsEarly(durationMs),
    durationMs,
    speechMs: speech.speechMs,
    decodeMs: Math.max(0, decoding.totalMs - options.waitedMs()),
    voiceActivityMs: judging.totalMs,
    featuresMs: features.totalMs,
  };
}

function describe({ frames, segments }: PackedWindow, index: number): AudioWindowMessage {
  return {
    type: "window",
    index,
    frames,
    segments: segments.map(({ start, end, windowStart }) => [
      Math.round(start / samplesPerMs),
      Math.round(end / samplesPerMs),
      Math.round(windowStart / samplesPerMs),
    ]),
  };
}
