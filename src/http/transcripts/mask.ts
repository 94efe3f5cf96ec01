import type { TranscriptSegment } from "../../tasks/transcribe.ts";

/** Stands for the words of a segment that is toxic. */
export const maskedText = "[masked]";

/** The segment without its words if they are toxic. */
export function maskToxic(segment: TranscriptSegment): TranscriptSegment {
  return segment.toxicity?.flagged === true ? { ...segment, text: maskedText } : segment;
}
