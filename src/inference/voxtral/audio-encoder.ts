import type { SessionSettings } from "../../processes/protocol.ts";
import { float32Values, floatTensor, Session } from "../session.ts";
import type { VoxtralConfig } from "./voxtral-config.ts";

/** Log-mel of whole chunks: [melBins × frames], row by row. */
export interface Spectrogram {
  readonly features: Float32Array;
  readonly frames: number;
}

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
   * @param chunksPerRun chunks that are encoded together, of one spectrogram or of several. On a CPU one at a time costs
   * no more, and each is a sign of progress.
   * @throws Error that names the file and what differs.
   */
  static async open(
    file: string,
    config: VoxtralConfig,
    settings: SessionSettings,
    chunksPerRun: number,
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
   * Rows [chunks × tokensPerChunk, width] of each spectrogram.
   * @param onRun Awaited after each run. What it throws ends the work.
   */
  async encode(spectrograms: readonly Spectrogram[], onRun: () => void | Promise<void>): Promise<Float32Array[]> {
    const { melBins, framesPerChunk, tokensPerChunk, width } = this.#config;
    const type = this.#session.floatTypeOf("audio_values");
    const chunks = spectrograms.flatMap((spectrogram) => chunksOf(spectrogram, framesPerChunk));
    const rows = new Float32Array(chunks.length * tokensPerChunk * width);
    for (let first = 0; first < chunks.length; first += this.#chunksPerRun) {
      const part = chunks.slice(first, first + this.#chunksPerRun);
      const input = floatTensor(type, cutChunks(part, melBins, framesPerChunk), [part.length, melBins, framesPerChunk]);
      const { audio_features: encoded } = await this.#session.run({ audio_values: input });
      const encodedRows = float32Values(encoded);
      if (encodedRows.length !== part.length * tokensPerChunk * width) {
        throw new Error(
          `audio_features are not [${part.length * tokensPerChunk}, ${width}] but [${encoded?.dims.join(", ")}]`,
        );
      }
      rows.set(encodedRows, first * tokensPerChunk * width);
      await onRun();
    }
    let end = 0;
    return spectrograms.map(({ frames }) => {
      const start = end;
      end += (frames / framesPerChunk) * tokensPerChunk * width;
      return rows.subarray(start, end);
    });
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}

interface Chunk extends Spectrogram {
  /** Its place among the chunks of the spectrogram. */
  readonly chunk: number;
}

function chunksOf(spectrogram: Spectrogram, framesPerChunk: number): Chunk[] {
  return Array.from({ length: spectrogram.frames / framesPerChunk }, (_, chunk) => ({ ...spectrogram, chunk }));
}

/** Chunks [count, melBins, framesPerChunk] of their spectrograms; a spectrogram itself when it is the only chunk. */
function cutChunks(chunks: readonly Chunk[], melBins: number, framesPerChunk: number): Float32Array {
  const [first] = chunks;
  if (chunks.length === 1 && first?.frames === framesPerChunk) {
    return first.features;
  }
  const values = new Float32Array(chunks.length * melBins * framesPerChunk);
  chunks.forEach(({ features, frames, chunk }, at) => {
    for (let bin = 0; bin < melBins; bin++) {
      const from = bin * frames + chunk * framesPerChunk;
      values.set(features.subarray(from, from + framesPerChunk), (at * melBins + bin) * framesPerChunk);
    }
  });
  return values;
}
