import type { WindowShape } from "../../src/processes/audio-protocol.ts";

/** The windows of a Whisper: 15 to 30 s, short segments packed into 18 s. */
export const whisperWindows: WindowShape = {
  melBins: 80,
  fewestFrames: 1_500,
  mostFrames: 3_000,
  frameStep: 2,
  packedFrames: 1_800,
  logMelMaximum: null,
};

/** The windows of a Voxtral with so many chunks of 30 s in a prompt. */
export function voxtralWindows(chunks: number): WindowShape {
  return {
    melBins: 128,
    fewestFrames: 3_000,
    mostFrames: 3_000 * chunks,
    frameStep: 3_000,
    packedFrames: 3_000 * chunks,
    logMelMaximum: null,
  };
}
