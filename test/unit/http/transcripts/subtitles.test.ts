import { createRequire } from "node:module";
import fc from "fast-check";
import { parseSync } from "subtitle";
import { describe, expect, it } from "vitest";
import { toCues } from "../../../../src/http/transcripts/cues.ts";
import { srtFormat } from "../../../../src/http/transcripts/srt.ts";
import { vttFormat } from "../../../../src/http/transcripts/vtt.ts";
import { transcriptSegment, written } from "../../../helpers/transcript-segment.ts";

interface ParsedCue {
  readonly startMs: number;
  readonly endMs: number;
  readonly text: string;
}

interface WebvttTree {
  readonly children: readonly { readonly type: string; readonly value?: string; readonly children?: unknown }[];
}

interface WebvttParser {
  parse(text: string): {
    readonly cues: readonly { readonly startTime: number; readonly endTime: number; readonly tree: WebvttTree }[];
    readonly errors: readonly unknown[];
  };
}

/** Neither reader comes with types. */
const require = createRequire(import.meta.url);
const nodeWebvtt = require("node-webvtt") as {
  parse(
    text: string,
    options: { strict: boolean },
  ): { valid: boolean; errors: unknown[]; cues: { start: number; end: number; text: string }[] };
};
const { WebVTTParser } = require("webvtt-parser") as {
  WebVTTParser: new (entities: Record<string, string>) => WebvttParser;
};
const entities = require("webvtt-parser/html-entities.json") as Record<string, string>;

function readWithSubtitle(text: string): ParsedCue[] {
  return parseSync(text).flatMap((node) =>
    node.type === "cue" ? [{ startMs: node.data.start, endMs: node.data.end, text: node.data.text }] : [],
  );
}

/** Seconds as numbers with a fraction: their milliseconds are whole. */
function toMs(seconds: number): number {
  return Math.round(seconds * 1000);
}

function readWithNodeWebvtt(text: string): ParsedCue[] {
  const { valid, errors, cues } = nodeWebvtt.parse(text, { strict: true });
  expect({ valid, errors }).toEqual({ valid: true, errors: [] });
  return cues.map((cue) => ({ startMs: toMs(cue.start), endMs: toMs(cue.end), text: cue.text }));
}

/** The text as a player shows it: without tags, escapes resolved. */
function readWithWebvttParser(text: string): ParsedCue[] {
  const { cues, errors } = new WebVTTParser(entities).parse(text);
  expect(errors).toEqual([]);
  return cues.map(({ startTime, endTime, tree }) => ({
    startMs: toMs(startTime),
    endMs: toMs(endTime),
    text: textOf(tree),
  }));
}

function textOf({ children }: WebvttTree): string {
  return children.map((child) => child.value ?? textOf(child as WebvttTree)).join("");
}

const segments = [
  transcriptSegment({ startMs: 480, endMs: 2_017, text: "Bonjour à tous." }),
  transcriptSegment({ id: 1, startMs: 2_017, endMs: 9_999, text: "mot ".repeat(40).trim() }),
  transcriptSegment({ id: 2, startMs: 3_599_999, endMs: 3_600_001, text: "Fin <b>& rideau</b> --> 1 > 0 {\\an8}" }),
  transcriptSegment({ id: 3, startMs: 35_999_000, endMs: 36_000_001, text: "1984" }),
];

const expected = segments.flatMap(({ text, startMs, endMs }) =>
  toCues(text, startMs, endMs).map((cue) => ({ startMs: cue.startMs, endMs: cue.endMs, text: cue.lines.join("\n") })),
);

/** Words that could be taken for something else, and others. */
const anySegments = fc
  .array(
    fc.record({
      pauseMs: fc.nat(5_000),
      durationMs: fc.nat(20_000),
      text: fc
        .array(fc.constantFrom("<b>", "&amp;", "-->", "WEBVTT", "12", "STYLE", "00:00:01.000", "été", "l'eau", "{x}"), {
          minLength: 1,
          maxLength: 40,
        })
        .map((words) => words.join(" ")),
    }),
    { maxLength: 8 },
  )
  .map((drafts) => {
    let at = 0;
    return drafts.map(({ pauseMs, durationMs, text }, id) => {
      const startMs = at + pauseMs;
      at = startMs + durationMs + 100;
      return transcriptSegment({ id, startMs, endMs: startMs + durationMs, text });
    });
  });

describe("SubRip subtitles", () => {
  it("are written as players know them", () => {
    const [first, second] = segments;
    expect(written(srtFormat(), first === undefined || second === undefined ? [] : [first, second])).toMatch(
      /^1\n00:00:00,480 --> 00:00:02,017\nBonjour à tous\.\n\n2\n00:00:02,017 --> /,
    );
  });

  it("are read by others with the same times and lines, to the millisecond", () => {
    const read = readWithSubtitle(written(srtFormat(), segments));
    expect(read.map(({ startMs, endMs }) => [startMs, endMs])).toEqual(
      expected.map(({ startMs, endMs }) => [startMs, endMs]),
    );
    expect(read[0]?.text).toBe(expected[0]?.text);
    expect(read.map(({ text }) => text.length)).toEqual(expected.map(({ text }) => text.length));
  });

  it("hold no tags and no arrows of the speaker's", () => {
    const text = written(srtFormat(), segments.slice(2, 3));
    expect(text.replaceAll(/^[\d:,]+ --> [\d:,]+$/gm, "")).not.toMatch(/[<>{}]/);
  });

  it("are empty for silence", () => {
    expect(written(srtFormat(), [])).toBe("");
    expect(readWithSubtitle("")).toEqual([]);
  });

  it("mark what is toxic", () => {
    const toxicity = { score: 0.9, flagged: true };
    const harmless = { score: 0.1, flagged: false };
    const text = written(srtFormat(), [transcriptSegment({ toxicity }), transcriptSegment({ toxicity: harmless })]);
    expect(readWithSubtitle(text).map((cue) => cue.text)).toEqual(["[toxic] Bonjour à tous.", "Bonjour à tous."]);
  });

  it("may have the filler anywhere between them", () => {
    const format = srtFormat();
    const pieces = segments.map((segment) => format.segment(segment));
    const text = format.filler + pieces.join(format.filler.repeat(3)) + format.filler;
    expect(readWithSubtitle(text).map(({ startMs }) => startMs)).toEqual(expected.map(({ startMs }) => startMs));
  });

  it("keep times and words whatever is said", () => {
    fc.assert(
      fc.property(anySegments, (drafts) => {
        const read = readWithSubtitle(written(srtFormat(), drafts));
        const cues = drafts.flatMap(({ text, startMs, endMs }) => toCues(text, startMs, endMs));
        expect(read.map(({ startMs, endMs }) => [startMs, endMs])).toEqual(
          cues.map(({ startMs, endMs }) => [startMs, endMs]),
        );
        expect(read.map(({ text }) => text.length)).toEqual(cues.map(({ lines }) => lines.join("\n").length));
      }),
    );
  });
});

describe("WebVTT subtitles", () => {
  it("are read by others with the same times and lines, to the millisecond", () => {
    const text = written(vttFormat(), segments);
    expect(readWithWebvttParser(text)).toEqual(expected);
    expect(readWithNodeWebvtt(text).map(({ startMs, endMs }) => [startMs, endMs])).toEqual(
      expected.map(({ startMs, endMs }) => [startMs, endMs]),
    );
    expect(readWithSubtitle(text).map(({ startMs, endMs }) => [startMs, endMs])).toEqual(
      expected.map(({ startMs, endMs }) => [startMs, endMs]),
    );
  });

  it("escape what means something", () => {
    expect(written(vttFormat(), segments.slice(2, 3))).toContain("Fin &lt;b&gt;&amp; rideau&lt;/b&gt; --&gt; 1 &gt; 0");
  });

  it("have no cues for silence", () => {
    const text = written(vttFormat(), []);
    expect(text).toBe("WEBVTT\n\nNOTE Nobody speaks.\n");
    expect(readWithWebvttParser(text)).toEqual([]);
    expect(readWithNodeWebvtt(text)).toEqual([]);
    expect(readWithSubtitle(text)).toEqual([]);
  });

  it("mark what is toxic by a class, which players do not show", () => {
    const text = written(vttFormat(), [transcriptSegment({ toxicity: { score: 0.9, flagged: true } })]);
    expect(text).toContain("\n<c.toxic>Bonjour à tous.</c>\n");
    expect(readWithWebvttParser(text).map((cue) => cue.text)).toEqual(["Bonjour à tous."]);
  });

  it("may have the filler anywhere between them", () => {
    const format = vttFormat();
    const pieces = segments.map((segment) => format.segment(segment));
    const text = format.head + format.filler + pieces.join(format.filler.repeat(3)) + format.filler;
    expect(readWithWebvttParser(text)).toEqual(expected);
    expect(readWithNodeWebvtt(text)).toHaveLength(expected.length);
    expect(readWithSubtitle(text).map(({ startMs }) => startMs)).toEqual(expected.map(({ startMs }) => startMs));
  });

  it("keep times and words whatever is said", () => {
    fc.assert(
      fc.property(anySegments, (drafts) => {
        const text = written(vttFormat(), drafts);
        const cues = drafts.flatMap((draft) => toCues(draft.text, draft.startMs, draft.endMs));
        expect(readWithWebvttParser(text)).toEqual(
          cues.map(({ startMs, endMs, lines }) => ({ startMs, endMs, text: lines.join("\n") })),
        );
        expect(readWithNodeWebvtt(text)).toHaveLength(cues.length);
      }),
    );
  });
});
