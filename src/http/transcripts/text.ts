import { segmentSeparator, type TranscriptFormat } from "./transcript-format.ts";

/** The words alone, on one line. */
export function textFormat(): TranscriptFormat {
  let isFirst = true;
  return {
    contentType: "text/plain; charset=utf-8",
    head: "",
    filler: segmentSeparator,
    isLive: false,
    tellsFailure: false,
    segment: ({ text }) => {
      const piece = isFirst ? text : segmentSeparator + text;
      isFirst = false;
      return piece;
    },
    end: () => "\n",
    failure: () => "",
  };
}
