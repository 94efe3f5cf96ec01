import { parseAudioMessage } from "./audio-message.ts";
import type { AudioMessage } from "./audio-protocol.ts";

/** A message with the numbers that belong to it. */
export interface AudioFrame {
  readonly message: AudioMessage;
  readonly values: Float32Array;
}

/** The process sent something that is none of its messages: it is not trusted further. */
export class ProtocolViolation extends Error {
  override readonly name = "ProtocolViolation";
}

const headerBytes = 8;
const mostJsonBytes = 131_072;

/**
 * Cuts a stream into frames, in whatever pieces it comes. It is read only when the next frame is asked for: whoever
 * writes it waits meanwhile. Each payload is allocated once, in its own size. A stream that ends within a frame just ends.
 * @param mostValues so many numbers may belong to a message, as things stand when it comes.
 * @throws ProtocolViolation
 */
export async function* readAudioFrames(
  chunks: AsyncIterable<Uint8Array>,
  mostValues: () => number,
): AsyncGenerator<AudioFrame, void, void> {
  const parts = new Parts(mostValues);
  for await (const chunk of chunks) {
    for (let rest = chunk; rest.length > 0; ) {
      rest = parts.fill(rest);
      const frame = parts.takeFrame();
      if (frame !== null) {
        yield frame;
      }
    }
  }
}

/** The three parts of the frame that is being read, filled one after the other. */
class Parts {
  readonly #mostValues: () => number;
  readonly #header = new Uint8Array(headerBytes);
  #json = new Uint8Array(0);
  #values = new Float32Array(0);
  /** Bytes filled in so far, over all three. */
  #filled = 0;

  constructor(mostValues: () => number) {
    this.#mostValues = mostValues;
  }

  /** Fills the part that is next; returns what it did not take. */
  fill(bytes: Uint8Array): Uint8Array {
    const [part, start] = this.#current();
    const count = Math.min(bytes.length, start + part.length - this.#filled);
    part.set(bytes.subarray(0, count), this.#filled - start);
    this.#filled += count;
    if (this.#filled === headerBytes && count > 0) {
      this.#allocate();
    }
    return bytes.subarray(count);
  }

  /** The frame when all of it is there; then the next one begins. */
  takeFrame(): AudioFrame | null {
    if (this.#filled < headerBytes || this.#filled < headerBytes + this.#json.length + this.#values.byteLength) {
      return null;
    }
    const message = parseAudioMessage(Buffer.from(this.#json.buffer).toString("utf8"));
    if (message === null) {
      throw new ProtocolViolation("a frame of the audio process holds no message");
    }
    const frame = { message, values: this.#values };
    this.#filled = 0;
    return frame;
  }

  #current(): [part: Uint8Array, start: number] {
    if (this.#filled < headerBytes) {
      return [this.#header, 0];
    }
    const valuesStart = headerBytes + this.#json.length;
    return this.#filled < valuesStart ? [this.#json, headerBytes] : [new Uint8Array(this.#values.buffer), valuesStart];
  }

  #allocate(): void {
    const lengths = new DataView(this.#header.buffer);
    const jsonBytes = lengths.getUint32(0, true);
    const valueBytes = lengths.getUint32(4, true);
    const values = valueBytes / Float32Array.BYTES_PER_ELEMENT;
    if (jsonBytes > mostJsonBytes || values > this.#mostValues() || !Number.isInteger(values)) {
      throw new ProtocolViolation("a frame of the audio process has an impossible length");
    }
    this.#json = new Uint8Array(jsonBytes);
    this.#values = new Float32Array(values);
  }
}
