import { codecs, containers } from "./audio-formats.ts";
import type { AudioSummary } from "./audio-processes.ts";
import type { AudioEnd } from "./audio-protocol.ts";

const cutOffWarning = "the file ends before the length that it declares: what is there was transcribed";
const damagedWarning = "parts of the file could not be decoded: the rest was transcribed";

/** What the process says at the end, in the service's words. */
export function summarise(end: AudioEnd): AudioSummary {
  const { durationMs, speechMs, isCutOff, isDamaged, container, codec, decodeMs, voiceActivityMs, featuresMs } = end;
  return {
    durationMs,
    speechMs,
    isPartial: isCutOff || isDamaged,
    warnings: [...(isCutOff ? [cutOffWarning] : []), ...(isDamaged ? [damagedWarning] : [])],
    container: knownName(container.split(",")[0], containers),
    codec: knownName(codec, codecs),
    decodeMs,
    voiceActivityMs,
    featuresMs,
  };
}

/** The process read a stranger's file: a name that it gives must be one of ours. */
function knownName(name: string | undefined, names: readonly string[]): string {
  return names.find((known) => known === name) ?? "other";
}
