/**
 * Every message between the API process and an audio process.
 *
 * To the child, on `audioDescriptors.control`: one line of JSON (`AudioStart`), then one byte (`controlSigns`) whenever
 * the upload has grown or is complete, and when another process that decodes has ended by itself. From the child, on standard output: frames of two lengths (unsigned, 32 bits, little endian), a
 * JSON message, and the bytes that belong to it.
 */

/** File descriptors of an audio process, standard output and error aside. */
export const audioDescriptors = {
  /** Decoded samples, where another process decodes: 32-bit floats, 16 kHz, mono. */
  samples: 0,
  control: 3,
  /** The upload so far, read only. Its owner's permission to write is taken away when it is complete. */
  upload: 4,
} as const;

/** Bytes behind the start message. A sign of growth may be left out while one is still unread. */
export const controlSigns = {
  growth: "+",
  /** The samples end here because the sound does, and not because their decoder was killed. */
  decoderEnd: ".",
} as const;

/** Hertz; what voice activity, the features and the models are made for. */
export const samplingRate = 16_000;
/** Samples from one column of the spectrogram to the next: 10 ms. */
export const hopLength = 160;
/** The longest window that any model is asked to read, in columns: 30 minutes. */
export const mostWindowFrames = 180_000;

/** The windows that a model reads: log-mel spectrograms, one column for 10 ms. */
export interface WindowShape {
  /** Rows. */
  readonly melBins: 80 | 128;
  /** Columns of the shortest and of the longest window. */
  readonly fewestFrames: number;
  /** At most `mostWindowFrames`. */
  readonly mostFrames: number;
  /** Every number of columns is a multiple of it. */
  readonly frameStep: number;
  /** Short segments of speech are packed into one window as long as they fit into so many columns. */
  readonly packedFrames: number;
  /**
   * Logarithm (base 10) of the power 8 below which everything is cut; null for that of the loudest of the window.
   */
  readonly logMelMaximum: number | null;
}

export interface AudioStart {
  readonly windows: WindowShape;
  readonly maxSeconds: number;
  /** The file cannot be read from front to back; it is complete. */
  readonly needsWholeFile: boolean;
  /** Somebody waits for the first words: the first window is closed early. */
  readonly isStreamed: boolean;
  /** So many windows were delivered already, by a process that was killed. */
  readonly deliveredWindows: number;
}

/** The process has loaded what it needs and waits for its start message. */
export interface AudioReady {
  readonly type: "ready";
}

/** It is alive: sent about once a second while there is work and no window. */
export interface AudioProgress {
  readonly type: "progress";
  /** How much was decoded so far, in milliseconds of audio. */
  readonly decodedMs: number;
}

/** Comes with the features, [melBins × frames] 32-bit floats. */
export interface AudioWindowMessage {
  readonly type: "window";
  readonly index: number;
  readonly frames: number;
  readonly segments: readonly (readonly [startMs: number, endMs: number, windowStartMs: number])[];
}

export interface AudioEnd {
  readonly type: "end";
  readonly durationMs: number;
  readonly speechMs: number;
  /** The file ends before the length that it declares. */
  readonly isCutOff: boolean;
  /** Some of the file could not be read. */
  readonly isDamaged: boolean;
  readonly container: string;
  readonly codec: string;
  readonly decodeMs: number;
  readonly voiceActivityMs: number;
  readonly featuresMs: number;
}

/** Why an upload is refused. Names only: what the file says of itself goes nowhere. */
export const audioFaults = [
  "not_audio",
  "codec_not_allowed",
  "no_audio_track",
  "absurd_parameters",
  "no_samples",
  "too_long",
  "internal",
] as const;

export type AudioFault = (typeof audioFaults)[number];

export interface AudioFailed {
  readonly type: "failed";
  readonly fault: AudioFault;
}

export type AudioMessage = AudioReady | AudioProgress | AudioWindowMessage | AudioEnd | AudioFailed;
