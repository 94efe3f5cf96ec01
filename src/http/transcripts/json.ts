import type { z } from "zod";
import type { TranscriptSegment, TranscriptSummary } from "../../tasks/transcribe.ts";
import { transcriptionSchema } from "../schemas/transcribe.ts";
import { type TranscriptFormat, type TranscriptRequest, toSeconds } from "./transcript-format.ts";
import { describeWhole } from "./whole-transcript.ts";

/** One JSON object, at the end: white space may come before it. */
export function jsonFormat(request: TranscriptRequest): TranscriptFormat {
  return collecting((segments, summary) =>
    transcriptionSchema.parse({
      ...describeWhole(request, segments, summary),
      ...(request.isModerated && { segments: segments.map(describeSegment) }),
    } satisfies z.input<typeof transcriptionSchema>),
  );
}

/** A JSON format that needs every segment before it can say anything. */
export function collecting(
  describe: (segments: readonly TranscriptSegment[], summary: TranscriptSummary) => unknown,
): TranscriptFormat {
  const segments: TranscriptSegment[] = [];
  return {
    contentType: "application/json; charset=utf-8",
    head: "",
    filler: "\n",
    isLive: false,
    tellsFailure: false,
    segment: (segment) => {
      segments.push(segment);
      return "";
    },
    end: (summary) => JSON.stringify(describe(segments, summary)),
    // For people who look at what came: the broken connection is what programs see.
    failure: (errorBody) => errorBody,
  };
}

function describeSegment({ id, startMs, endMs, text, toxicity }: TranscriptSegment) {
  return {
    id,
    start: toSeconds(startMs),
    end: toSeconds(endMs),
    text,
    toxicity: toxicity ?? { score: 0, flagged: false },
  };
}
