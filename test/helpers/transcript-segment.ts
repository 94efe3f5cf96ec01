import type { TranscriptSegment, TranscriptSummary } from "../../src/tasks/transcribe.ts";

/** A segment of two seconds; tests say what matters to them. */
export function transcriptSegment(changes: Partial<TranscriptSegment> = {}): TranscriptSegment {
  return {
    id: 0,
    startMs: 1_000,
    endMs: 3_000,
    text: "Bonjour à tous.",
    tokens: 5,
    language: "fr",
    temperature: 0,
    noSpeechProbability: 0.01,
    averageLogProbability: -0.2,
    compressionRatio: 0.8,
    toxicity: null,
    ...changes,
  };
}

/** The summary of an hour in which somebody speaks. */
export function transcriptSummary(changes: Partial<TranscriptSummary> = {}): TranscriptSummary {
  return {
    model: { name: "whisper-base", version: "1.0.0", digest: `sha256:${"1".repeat(64)}` },
    language: "fr",
    durationMs: 3_600_400,
    speechMs: 2_000,
    isPartial: false,
    warnings: [],
    segments: 1,
    steps: {
      queueMs: 1,
      preprocessMs: 2,
      inferenceMs: 3,
      totalMs: 6,
      decodeMs: 1,
      voiceActivityMs: 0.5,
      featuresMs: 0.5,
    },
    ...changes,
  };
}

/** The whole answer of a format, written at once. */
export function written(
  format: {
    head: string;
    segment(segment: TranscriptSegment): string;
    end(summary: TranscriptSummary): string;
  },
  segments: readonly TranscriptSegment[],
  summary: TranscriptSummary = transcriptSummary(),
): string {
  return format.head + segments.map((segment) => format.segment(segment)).join("") + format.end(summary);
}
