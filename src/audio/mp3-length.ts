import { skipId3Tags } from "./id3-tags.ts";
import type { ReadAt } from "./read-at.ts";

/** Enough for a frame's header and the one that encoders put into the first frame. */
const frameBytes = 256;

/** By the version bits of a frame header: hertz, and samples of one frame. */
const versions: Readonly<Record<number, { readonly rates: readonly number[]; readonly frameSamples: number }>> = {
  0: { rates: [11_025, 12_000, 8000], frameSamples: 576 },
  2: { rates: [22_050, 24_000, 16_000], frameSamples: 576 },
  3: { rates: [44_100, 48_000, 32_000], frameSamples: 1152 },
};
const layer3 = 1;
const monoMode = 3;

/**
 * Milliseconds that an MP3 file declares to last: the number of frames that its encoder wrote into the first of them
 * ("Xing" or "Info"). Null for other files, and for those that declare nothing. FFmpeg only looks at it in files that it
 * can seek in.
 */
export function readMp3Length(readAt: ReadAt): number | null {
  const frame = Buffer.alloc(frameBytes);
  readAt(frame, skipId3Tags(readAt));
  const version = versions[(frame.readUInt8(1) >> 3) & 3];
  const rate = version?.rates[(frame.readUInt8(2) >> 2) & 3];
  const isLayer3 = frame.readUInt16BE(0) >= 0xffe0 && ((frame.readUInt8(1) >> 1) & 3) === layer3;
  if (!isLayer3 || version === undefined || rate === undefined) {
    return null;
  }
  const isMono = frame.readUInt8(3) >> 6 === monoMode;
  const tag = 4 + sideInformationBytes(version.frameSamples === 1152, isMono);
  const hasFrames =
    ["Xing", "Info"].includes(frame.toString("latin1", tag, tag + 4)) && (frame.readUInt8(tag + 7) & 1) === 1;
  return hasFrames ? (1000 * frame.readUInt32BE(tag + 8) * version.frameSamples) / rate : null;
}

function sideInformationBytes(isVersion1: boolean, isMono: boolean): number {
  if (isVersion1) {
    return isMono ? 17 : 32;
  }
  return isMono ? 9 : 17;
}
