import type { SessionSettings } from "../../processes/protocol.ts";
import { float32Values, floatTensor, Session } from "../session.ts";
import type { VoxtralConfig } from "./voxtral-config.ts";

/** Turns spectrograms into rows that take the places of tokens in the prompt. */
export class AudioEncoder {
  readonly #session: Session;
  readonly #config: VoxtralConfig;
  readonly #chunksPerRun: number;

  private constructor(session: Session, config: VoxtralConfig, chunksPerRun: number) {
    this.#session = session;
    this.#config = config;
    this.#chunksPerRun = chunksPerRun;
  }

  /**
   * Opens the graph.
   * @param chunksPerRun chunks that are encoded together. On a CPU one at a time costs no more, and each is a sign of
   * progress.
   * @throws Error that names the file and what differs.
   */
  static async open(
    file: string,
    config: VoxtralConfig,
    settings: SessionSettings,
    chunksPerRun = 1,
  ): Promise<AudioEncoder> {
    const session = await Session.open(file, { inputs: ["audio_values"], outputs: ["audio_features"] }, settings);
    session.check("audio_values", "float", [null, config.melBins, config.framesPerChunk]);
    session.check("audio_features", "float", [null, config.width]);
    return new AudioEncoder(session, config, chunksPerRun);
  }

  get device(): string {
    return this.#session.device;
  }

  /**
   * Rows [chunks × tokensPerChunk, width] of a spectrogram [melBins × frames] of whole chunks.
   * @param onRun Awaited after each run. What it throws ends the work.
   */
  async encode(features: Float32Array, frames: number, onRun: () => void | Promise<void>): Promise<Float32Array> {
    const { melBins, framesPerChunk, tokensPerChunk, width } = this.#config;
    const chunks = frames / framesPerChunk;
    const type = this.#session.floatTypeOf("audio_values");
    const rows = new Float32Array(chunks * tokensPerChunk * width);
    for (let first = 0; first < chunks; first += this.#chunksPerRun) {
      const count = Math.min(this.#chunksPerRun, chunks - first);
      const values = cutChunks(features, { melBins, frames, framesPerChunk, first, count });
      const input = floatTensor(type, values, [count, melBins, framesPerChunk]);
      const { audio_features: encoded } = await this.#session.run({ audio_values: input });
      const encodedRows = float32Values(encoded);
      if (encodedRows.length !== count * tokensPerChunk * width) {
        throw new Error(
          `audio_features are not [${count * tokensPerChunk}, ${width}] but [${encoded?.dims.join(", ")}]`,
        );
      }
      rows.set(encodedRows, first * tokensPerChunk * width);
      await onRun();
    }
    return rows;
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}

interface Cut {
  readonly melBins: number;
  readonly frames: number;
  readonly framesPerChunk: number;
  readonly first: number;
  readonly count: number;
}

/** Chunks [count, melBins, framesPerChunk] of a spectrogram [melBins × frames]; the spectrogram itself when it is one. */
function cutChunks(features: Float32Array, { melBins, frames, framesPerChunk, first, count }: Cut): Float32Array {
  if (frames === framesPerChunk) {
    return features;
  }
  const chunks = new Float32Array(count * melBins * framesPerChunk);
  for (let chunk = 0; chunk < count; chunk++) {
    for (let bin = 0; bin < melBins; bin++) {
      const from = bin * frames + (first + chunk) * framesPerChunk;
      chunks.set(features.subarray(from, from + framesPerChunk), (chunk * melBins + bin) * framesPerChunk);
    }
  }
  return chunks;
}
