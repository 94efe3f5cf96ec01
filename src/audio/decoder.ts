import type { AudioFault } from "../processes/audio-protocol.ts";

/** What a decoder knows of a file once all of it was decoded. */
export interface DecodedFile {
  /** Names of FFmpeg; empty when another process knows them. */
  readonly container: string;
  readonly codec: string;
  /** It ends before the length that it declares. */
  readonly isCutOff: boolean;
  /** Some of it could not be read. */
  readonly isDamaged: boolean;
}

/** A backend: yields 16 kHz mono samples, a view that is overwritten by the next, and returns what it learned. */
export type Decoder = Generator<Float32Array, DecodedFile, void>;

/** The file cannot be transcribed; says why by name. */
export class DecodeError extends Error {
  override readonly name = "DecodeError";
  readonly fault: AudioFault;

  constructor(fault: AudioFault) {
    super(fault);
    this.fault = fault;
  }
}
