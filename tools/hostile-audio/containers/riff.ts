import { ascii, concat, u16le, u32le } from "../bytes.ts";

/** A RIFF chunk. @param size Said to be, when it is not the true one. */
export function chunk(id: string, content: Uint8Array, size: number = content.length): Buffer {
  return concat(ascii(id), u32le(size), content, Buffer.alloc(content.length % 2));
}

/** A chunk of chunks: `RIFF` or `LIST` with its type. */
export function list(id: string, type: string, content: Uint8Array, size?: number): Buffer {
  const body = concat(ascii(type), content);
  return chunk(id, body, size ?? body.length);
}

export interface WavFields {
  readonly data: Uint8Array;
  readonly formatTag?: number;
  readonly channels?: number;
  /** Hertz. */
  readonly rate?: number;
  readonly bits?: number;
  readonly blockAlign?: number;
  /** Lies about the sizes. */
  readonly dataSize?: number;
  readonly riffSize?: number;
  /** Chunks before the format. */
  readonly before?: Uint8Array;
}

export const formatTags = { pcm: 1, float: 3, mp3: 0x55, unknown: 0xfff1 } as const;

/** A WAV file whose header says what it is told to. */
export function wav(fields: WavFields): Buffer {
  const { data, formatTag = formatTags.pcm, channels = 1, rate = 8000, bits = 16, before = Buffer.alloc(0) } = fields;
  const blockAlign = fields.blockAlign ?? (channels * bits) / 8;
  const byteRate = (rate * blockAlign) % 2 ** 32;
  const format = concat(
    u16le(formatTag),
    u16le(channels),
    u32le(rate),
    u32le(byteRate),
    u16le(blockAlign % 2 ** 16),
    u16le(bits),
  );
  const body = concat(before, chunk("fmt ", format), chunk("data", data, fields.dataSize));
  return list("RIFF", "WAVE", body, fields.riffSize);
}
