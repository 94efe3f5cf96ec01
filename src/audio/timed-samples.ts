import { DecodeError } from "./decoder.ts";

export interface TimedSamples {
  /** When it is heard, by the times of the file that it comes from. */
  readonly timeMs: number;
  /** A view that the next call overwrites. */
  readonly samples: Float32Array;
}

/** Elements of Matroska, by their ids; the contents of groups are read, all others are skipped. */
const blockGroup = 0xa0;
const block = 0xa1;
const simpleBlock = 0xa3;
const clusterTime = 0xe7;
const segment = 0x18_53_80_67;
const cluster = 0x1f_43_b6_75;
const groups: readonly number[] = [segment, cluster, blockGroup];

/** A block is one frame of sound: a second of it has 64 kB. */
const mostElementBytes = 2 ** 24;
/** Before the samples of a block: the track in one byte, the time since the cluster's in two, flags. */
const blockHeaderBytes = 4;
const bytesPerSample = 4;

/**
 * Reads sound and its times from Matroska with one track of 32-bit floats and times in milliseconds: FFmpeg's program
 * writes floats in no simpler format that has times.
 */
export class TimedSamplesReader {
  readonly #read: (target: Uint8Array) => number;
  readonly #pipe = Buffer.alloc(65_536);
  #position = 0;
  #available = 0;
  #element = Buffer.alloc(65_536);
  #clusterMs = 0;
  #isCutOff = false;

  /** @param read Waits for the next bytes; returns how many it wrote into its argument, 0 at the end. */
  constructor(read: (target: Uint8Array) => number) {
    this.#read = read;
  }

  /** Whether the stream ended within an element. */
  get isCutOff(): boolean {
    return this.#isCutOff;
  }

  /**
   * The next piece of sound; null at the end of the stream.
   * @throws DecodeError when it is none of the kind.
   */
  next(): TimedSamples | null {
    while (this.#fill()) {
      const id = this.#readNumber(true);
      const size = this.#readNumber(false);
      if (groups.includes(id)) {
        continue;
      }
      const content = this.#isCutOff ? null : this.#take(size);
      if (content === null) {
        break;
      }
      if (id === clusterTime) {
        this.#clusterMs = content.readUIntBE(0, size);
      } else if (id === simpleBlock || id === block) {
        return this.#samplesOf(content);
      }
    }
    return null;
  }

  #samplesOf(content: Buffer): TimedSamples {
    if (content.length < blockHeaderBytes) {
      throw new DecodeError("internal");
    }
    const count = Math.floor((content.length - blockHeaderBytes) / bytesPerSample);
    return {
      timeMs: this.#clusterMs + content.readInt16BE(1),
      samples: new Float32Array(content.buffer, content.byteOffset + blockHeaderBytes, count),
    };
  }

  /** A number whose length is told by the first bit that is set: a size without that bit, an id with it. */
  #readNumber(isId: boolean): number {
    const first = this.#readByte();
    const length = Math.clz32(first) - 23;
    let value = isId ? first : first & (0xff >> length);
    for (let rest = 1; rest < Math.min(length, 8); rest++) {
      value = value * 256 + this.#readByte();
    }
    return value;
  }

  #readByte(): number {
    this.#isCutOff ||= !this.#fill();
    return this.#isCutOff ? 0 : this.#pipe.readUInt8(this.#position++);
  }

  /** So many bytes; null when there are fewer. */
  #take(size: number): Buffer | null {
    if (size > mostElementBytes) {
      throw new DecodeError("internal");
    }
    if (size > this.#element.length) {
      this.#element = Buffer.alloc(2 * size);
    }
    for (let taken = 0; taken < size; ) {
      if (this.#isCutOff || !this.#fill()) {
        this.#isCutOff = true;
        return null;
      }
      const count = Math.min(size - taken, this.#available - this.#position);
      this.#pipe.copy(this.#element, taken, this.#position, this.#position + count);
      this.#position += count;
      taken += count;
    }
    return this.#element.subarray(0, size);
  }

  /** Whether there is another byte. */
  #fill(): boolean {
    if (this.#position === this.#available) {
      this.#position = 0;
      this.#available = this.#read(this.#pipe);
    }
    return this.#available > 0;
  }
}
