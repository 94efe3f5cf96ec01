import type { z } from "zod";
import type { TranscriptSegment } from "../../tasks/transcribe.ts";
import { timestampSource, verboseTranscriptionSchema } from "../schemas/transcribe.ts";
import { collecting } from "./json.ts";
import { type TranscriptFormat, type TranscriptRequest, toSeconds } from "./transcript-format.ts";
import { describeWhole } from "./whole-transcript.ts";

/** What OpenAI's models count audio in. */
const frameMs = 10;

/** One JSON object with every segment, at the end: white space may come before it. */
export function verboseJsonFormat(request: TranscriptRequest): TranscriptFormat {
  return collecting((segments, summary) => {
    const { queueMs, preprocessMs, inferenceMs, totalMs } = summary.steps;
    return verboseTranscriptionSchema.parse({
      task: "transcribe",
      ...describeWhole(request, segments, summary),
      timestamp_source: timestampSource,
      segments: segments.map(describeSegment),
      model: { ...summary.model },
      timings: { queueMs, preprocessMs, inferenceMs, totalMs },
    } satisfies z.input<typeof verboseTranscriptionSchema>);
  });
}

function describeSegment(segment: TranscriptSegment) {
  const { id, startMs, endMs, text, temperature, language, toxicity } = segment;
  return {
    id,
    seek: Math.round(startMs / frameMs),
    start: toSeconds(startMs),
    end: toSeconds(endMs),
    text,
    tokens: [],
    temperature,
    avg_logprob: segment.averageLogProbability,
    compression_ratio: segment.compressionRatio,
    no_speech_prob: segment.noSpeechProbability,
    language,
    ...(toxicity !== null && { toxicity }),
  };
}
