import type { TranscriptSegment } from "../../tasks/transcribe.ts";
import { clockTime } from "./clock-time.ts";
import { toCues } from "./cues.ts";
import type { TranscriptFormat } from "./transcript-format.ts";

/** Begins the text of a segment that is toxic: SubRip has no other way to mark a cue. */
export const toxicMark = "[toxic] ";

/**
 * SubRip knows no escapes, but players read tags in angle brackets and braces, and an arrow is what a time line is known
 * by: these characters are replaced by others that look alike.
 */
const lookalikes: Readonly<Record<string, string>> = { "<": "‹", ">": "›", "{": "(", "}": ")" };

/** SubRip subtitles; no cue at all for silence. */
export function srtFormat(): TranscriptFormat {
  let number = 0;
  return {
    contentType: "application/x-subrip; charset=utf-8",
    head: "",
    filler: "\n",
    isLive: false,
    tellsFailure: false,
    segment: (segment) =>
      toCues(shownText(segment), segment.startMs, segment.endMs)
        .map(({ startMs, endMs, lines }) => {
          number++;
          return `${number}\n${clockTime(startMs, ",")} --> ${clockTime(endMs, ",")}\n${lines.join("\n")}\n\n`;
        })
        .join(""),
    end: () => "",
    failure: () => "",
  };
}

function shownText({ text, toxicity }: TranscriptSegment): string {
  const shown = text.replaceAll(/[<>{}]/g, (character) => lookalikes[character] ?? character);
  return toxicity?.flagged === true ? toxicMark + shown : shown;
}
