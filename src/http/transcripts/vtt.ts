import { clockTime } from "./clock-time.ts";
import { toCues } from "./cues.ts";
import type { TranscriptFormat } from "./transcript-format.ts";

/** The class of cue text that is toxic, for style sheets: `::cue(.toxic)`. */
export const toxicClass = "toxic";

/** https://www.w3.org/TR/webvtt1/#webvtt-cue-text-span */
const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** WebVTT subtitles; a comment only for silence. Every block begins with the empty line that divides it from the last. */
export function vttFormat(): TranscriptFormat {
  let isEmpty = true;
  return {
    contentType: "text/vtt; charset=utf-8",
    head: "WEBVTT\n",
    // A comment.
    filler: "\nNOTE\n",
    isLive: false,
    tellsFailure: false,
    segment: ({ text, startMs, endMs, toxicity }) => {
      isEmpty = false;
      return toCues(text, startMs, endMs)
        .map((cue) => {
          const shown = escaped(cue.lines.join("\n"));
          const marked = toxicity?.flagged === true ? `<c.${toxicClass}>${shown}</c>` : shown;
          return `\n${clockTime(cue.startMs, ".")} --> ${clockTime(cue.endMs, ".")}\n${marked}\n`;
        })
        .join("");
    },
    // Some readers take a head with nothing after it for a broken file.
    end: () => (isEmpty ? "\nNOTE Nobody speaks.\n" : ""),
    failure: () => "",
  };
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>]/g, (character) => escapes[character] ?? character);
}
