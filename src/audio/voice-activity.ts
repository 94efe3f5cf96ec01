import { InferenceSession, Tensor } from "onnxruntime-node";

/** Samples that get one speech probability: 32 ms. */
export const frameSamples = 512;
/** Frames of one run: 0.5 s of sound, and three times the speed of frame by frame. */
export const framesPerRun = 16;
/** Samples of the frame before that the model sees again. */
const contextSamples = 64;
const hiddenSize = 128;

/** The probability of speech in each frame, by Silero VAD v6. Its state goes on from run to run: one file, one object. */
export class VoiceActivity {
  readonly #session: InferenceSession;
  #hidden = zeroState();
  #cell = zeroState();
  readonly #context = new Float32Array(contextSamples);

  private constructor(session: InferenceSession) {
    this.#session = session;
  }

  /** Loads the model file and runs it once, so that the first sound does not wait for that. */
  static async open(file: string): Promise<VoiceActivity> {
    const session = await InferenceSession.create(file, {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: "sequential",
      enableCpuMemArena: false,
      // 4 is "fatal": nobody reads what it says of a file that clients sent.
      logSeverityLevel: 4,
    });
    await new VoiceActivity(session).probabilities(new Float32Array(framesPerRun * frameSamples));
    return new VoiceActivity(session);
  }

  /** `samples`: whole frames, 16 kHz. One probability each. */
  async probabilities(samples: Float32Array): Promise<Float32Array> {
    const count = samples.length / frameSamples;
    const { probabilities, next_hidden, next_cell } = await this.#session.run({
      frames: new Tensor("float32", this.#withContext(samples, count), [count, contextSamples + frameSamples]),
      hidden: this.#hidden,
      cell: this.#cell,
    });
    if (probabilities === undefined || next_hidden === undefined || next_cell === undefined) {
      throw new Error("the voice activity model lacks an output");
    }
    this.#hidden = next_hidden;
    this.#cell = next_cell;
    return probabilities.data as Float32Array;
  }

  /** Each frame with the end of the one before it. */
  #withContext(samples: Float32Array, count: number): Float32Array {
    const width = contextSamples + frameSamples;
    const frames = new Float32Array(count * width);
    frames.set(this.#context);
    frames.set(samples.subarray(0, frameSamples), contextSamples);
    for (let frame = 1; frame < count; frame++) {
      const start = frame * frameSamples;
      frames.set(samples.subarray(start - contextSamples, start + frameSamples), frame * width);
    }
    this.#context.set(samples.subarray(samples.length - contextSamples));
    return frames;
  }
}

function zeroState(): Tensor {
  return new Tensor("float32", new Float32Array(hiddenSize), [1, 1, hiddenSize]);
}
