import {
  AV_CH_LAYOUT_MONO,
  AV_CHANNEL_ORDER_NATIVE,
  AV_CHANNEL_ORDER_UNSPEC,
  AV_SAMPLE_FMT_FLT,
  AV_SAMPLE_FMT_FLTP,
  type AVSampleFormat,
} from "node-av/constants";
import { type Frame, SoftwareResampleContext } from "node-av/lib";
import { isPlausible } from "../processes/audio-formats.ts";
import { samplingRate } from "../processes/audio-protocol.ts";
import { DecodeError } from "./decoder.ts";
import { sanitiseSamples } from "./sanitise-samples.ts";

const mono = { nbChannels: 1, order: AV_CHANNEL_ORDER_NATIVE, mask: AV_CH_LAYOUT_MONO };
const bytesPerSample = 4;
/**
 * Taps of the resampling filter. FFmpeg's default lets through a tone above half the new rate at -26 dB; 64 keep it below
 * -90 dB, at half the speed.
 */
const filterTaps = 64;

/** Turns decoded frames into 16 kHz mono samples; begins anew where a file changes its rate or its channels. */
export class Resampler {
  #context: SoftwareResampleContext | null = null;
  #input = "";
  #output = Buffer.alloc(65_536 * bytesPerSample);
  #produced = 0;

  /** Milliseconds of sound so far. */
  get producedMs(): number {
    return (1000 * this.#produced) / samplingRate;
  }

  /** Yields views that the next call overwrites. */
  *convert(frame: Frame): Generator<Float32Array, void, void> {
    const { channelLayout, sampleRate, format, nbSamples } = frame;
    const input = `${format} ${sampleRate} ${channelLayout.nbChannels}`;
    if (this.#context === null || input !== this.#input) {
      yield* this.flush();
      this.#context = openContext(frame);
      this.#input = input;
    }
    const most = this.#context.getOutSamples(nbSamples);
    if (most * bytesPerSample > this.#output.length) {
      this.#output = Buffer.alloc(2 * most * bytesPerSample);
    }
    const planes = frame.extendedData ?? frame.data;
    if (format === AV_SAMPLE_FMT_FLT || format === AV_SAMPLE_FMT_FLTP) {
      // Before the filter: it would spread one impossible number over a hundred.
      planes?.forEach(sanitisePlane);
    }
    const count = this.#context.convertSync([this.#output], most, planes, nbSamples);
    if (count > 0) {
      yield this.#samples(count);
    }
  }

  /** What the filter still holds. */
  *flush(): Generator<Float32Array, void, void> {
    const most = this.#output.length / bytesPerSample;
    for (let count = 1; this.#context !== null && count > 0; ) {
      count = this.#context.convertSync([this.#output], most, null, 0);
      if (count > 0) {
        yield this.#samples(count);
      }
    }
    this.#context?.free();
    this.#context = null;
  }

  #samples(count: number): Float32Array {
    this.#produced += count;
    return new Float32Array(this.#output.buffer, this.#output.byteOffset, count);
  }
}

function openContext({ channelLayout, sampleRate, format }: Frame): SoftwareResampleContext {
  const { nbChannels, order } = channelLayout;
  if (!isPlausible(sampleRate, nbChannels)) {
    throw new DecodeError("absurd_parameters");
  }
  // Channels without a known place are mixed as they come.
  const isPlaced = order === AV_CHANNEL_ORDER_NATIVE;
  const layout = isPlaced ? channelLayout : { nbChannels, order: AV_CHANNEL_ORDER_UNSPEC, mask: 0n };
  const context = new SoftwareResampleContext();
  const isOpen =
    context.allocSetOpts2(mono, AV_SAMPLE_FMT_FLT, samplingRate, layout, format as AVSampleFormat, sampleRate) >= 0 &&
    context.setOption("filter_size", filterTaps) >= 0 &&
    context.init() >= 0;
  if (!isOpen) {
    throw new DecodeError("absurd_parameters");
  }
  return context;
}

function sanitisePlane({ buffer, byteOffset, byteLength }: Buffer): void {
  sanitiseSamples(new Float32Array(buffer, byteOffset, Math.floor(byteLength / bytesPerSample)));
}
