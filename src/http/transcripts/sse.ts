import type { TranscriptSegment } from "../../tasks/transcribe.ts";
import { segmentSeparator, type TranscriptFormat, type TranscriptRequest, toSeconds } from "./transcript-format.ts";
import { describeWhole } from "./whole-transcript.ts";

/** Server-sent events as OpenAI's clients read them: text as soon as it is known, all of it at the end, `[DONE]`. */
export function sseFormat(request: TranscriptRequest): TranscriptFormat {
  const segments: TranscriptSegment[] = [];
  return {
    contentType: "text/event-stream; charset=utf-8",
    head: "",
    // A comment: clients drop it.
    filler: ": ping\n\n",
    isLive: true,
    tellsFailure: true,
    segment: (segment) => {
      const separator = segments.length === 0 ? "" : segmentSeparator;
      segments.push(segment);
      const { startMs, endMs, text, toxicity } = segment;
      return dataEvent({
        type: "transcript.text.delta",
        delta: separator + text,
        start: toSeconds(startMs),
        end: toSeconds(endMs),
        ...(toxicity !== null && { toxicity }),
      });
    },
    end: (summary) => {
      const whole = describeWhole(request, segments, summary);
      return `${dataEvent({ type: "transcript.text.done", ...whole })}data: [DONE]\n\n`;
    },
    failure: (errorBody) => `event: error\ndata: ${errorBody}\n\n`,
  };
}

function dataEvent(event: Readonly<Record<string, unknown>>): string {
  return `data: ${JSON.stringify(event)}\n\n`;
}
