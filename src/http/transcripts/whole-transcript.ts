import type { TranscriptSegment, TranscriptSummary } from "../../tasks/transcribe.ts";
import { segmentSeparator, type TranscriptRequest, toSeconds } from "./transcript-format.ts";

/** What every JSON answer says of the whole. */
export function describeWhole(
  { language, isModerated }: TranscriptRequest,
  segments: readonly TranscriptSegment[],
  summary: TranscriptSummary,
) {
  return {
    text: segments.map(({ text }) => text).join(segmentSeparator),
    language: summary.language ?? language,
    duration: toSeconds(summary.durationMs),
    partial: summary.isPartial,
    warnings: [...summary.warnings],
    ...(isModerated && { flagged: segments.some(({ toxicity }) => toxicity?.flagged === true) }),
    usage: { type: "duration" as const, seconds: Math.ceil(toSeconds(summary.durationMs)) },
  };
}
