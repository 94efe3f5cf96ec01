import { samplingRate, type WindowShape } from "../processes/audio-protocol.ts";
import { SampleBuffer } from "./sample-buffer.ts";
import { SpeechCutter, type SpeechRange } from "./speech-cutter.ts";
import { frameSamples, framesPerRun } from "./voice-activity.ts";
import { type PackedWindow, WindowPacker } from "./window-packer.ts";

export interface SpeechWindowsOptions {
  readonly shape: WindowShape;
  /** Speech probabilities of whole frames. */
  readonly probabilities: (samples: Float32Array) => Promise<Float32Array>;
  /** Somebody waits for the first words. */
  readonly isStreamed: boolean;
  readonly onWindow: (window: PackedWindow) => void;
}

/** The first window of a stream is closed after so much speech, rather than when it is full. */
const firstWindowSamples = 4.5 * samplingRate;
/** Less has no length in whole milliseconds: a file may end so behind a cut. */
const shortestSamples = samplingRate / 1000;
/** Where in it the cut may be, when there was no pause: in its last 2 s. */
const firstWindowSearchFrames = 62;
const samplesPerRun = framesPerRun * frameSamples;

/**
 * From samples to windows of speech: finds it, cuts it at pauses, packs short segments together. The same samples give
 * the same windows, in whatever pieces and however late they come.
 */
export class SpeechWindows {
  readonly #options: SpeechWindowsOptions;
  readonly #buffer = new SampleBuffer();
  readonly #cutter = new SpeechCutter();
  readonly #packer: WindowPacker;
  #judged = 0;
  #end = Number.POSITIVE_INFINITY;
  #windows = 0;
  #speechSamples = 0;

  constructor(options: SpeechWindowsOptions) {
    this.#options = options;
    this.#packer = new WindowPacker(options.shape);
  }

  /** Milliseconds of speech found so far. */
  get speechMs(): number {
    return Math.round((1000 * this.#speechSamples) / samplingRate);
  }

  async push(samples: Float32Array): Promise<void> {
    this.#buffer.append(samples);
    while (this.#buffer.end - this.#judged >= samplesPerRun) {
      await this.#judge(samplesPerRun);
      this.#closeEarly();
      this.#buffer.forget(this.#cutter.firstNeededFrame * frameSamples);
    }
  }

  /** The audio has ended: gives out what is left. */
  async finish(): Promise<void> {
    this.#end = this.#buffer.end;
    const rest = (this.#end - this.#judged) % frameSamples;
    if (rest > 0) {
      this.#buffer.append(new Float32Array(frameSamples - rest));
    }
    if (this.#buffer.end > this.#judged) {
      await this.#judge(this.#buffer.end - this.#judged);
    }
    this.#take(this.#cutter.finish());
    this.#flush();
  }

  async #judge(samples: number): Promise<void> {
    const frames = this.#buffer.view(this.#judged, this.#judged + samples);
    for (const probability of await this.#options.probabilities(frames)) {
      this.#take(this.#cutter.push(probability));
    }
    this.#judged += samples;
  }

  /** Windows that need not wait for the end of the segment that is open. */
  #closeEarly(): void {
    const openSamples = this.#cutter.openFrames * frameSamples;
    if (openSamples > 0 && this.#packer.isFullFor(openSamples)) {
      this.#flush();
    }
    const isWaitedFor = this.#windows === 0 && this.#packer.length + openSamples >= firstWindowSamples;
    if (isWaitedFor && this.#options.isStreamed) {
      if (this.#packer.length < openSamples) {
        this.#take(this.#cutter.cut(firstWindowSearchFrames));
      }
      this.#flush();
    }
  }

  #take(range: SpeechRange | null): void {
    if (range === null) {
      return;
    }
    const start = range.start * frameSamples;
    const end = Math.min(range.end * frameSamples, this.#end);
    if (end - start < shortestSamples) {
      return;
    }
    this.#speechSamples += end - start;
    if (this.#packer.isFullFor(end - start)) {
      this.#flush();
    }
    this.#packer.add(start, this.#buffer.view(start, end));
  }

  #flush(): void {
    const window = this.#packer.flush();
    if (window !== null) {
      this.#windows++;
      this.#options.onWindow(window);
    }
  }
}
