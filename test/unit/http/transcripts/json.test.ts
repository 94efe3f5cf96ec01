import { describe, expect, it } from "vitest";
import { jsonFormat } from "../../../../src/http/transcripts/json.ts";
import { textFormat } from "../../../../src/http/transcripts/text.ts";
import { verboseJsonFormat } from "../../../../src/http/transcripts/verbose-json.ts";
import { transcriptSegment, transcriptSummary, written } from "../../../helpers/transcript-segment.ts";

const request = { language: null, isModerated: false };
const moderated = { ...request, isModerated: true };
const toxicity = { score: 0.75, flagged: true };

describe("the json format", () => {
  it("says nothing before the end, and then all of it", () => {
    const format = jsonFormat(request);
    expect(format.segment(transcriptSegment())).toBe("");
    expect(JSON.parse(format.end(transcriptSummary()))).toEqual({
      text: "Bonjour à tous.",
      language: "fr",
      duration: 3_600.4,
      partial: false,
      warnings: [],
      usage: { type: "duration", seconds: 3_601 },
    });
  });

  it("may have its filler before it", () => {
    const format = jsonFormat(request);
    expect(JSON.parse(format.filler.repeat(3) + written(format, []))).toMatchObject({ text: "" });
  });

  it("lists the segments when they were scored", () => {
    const answer: unknown = JSON.parse(written(jsonFormat(moderated), [transcriptSegment({ toxicity })]));
    expect(answer).toMatchObject({
      flagged: true,
      segments: [{ id: 0, start: 1, end: 3, text: "Bonjour à tous.", toxicity }],
    });
    expect(JSON.parse(written(jsonFormat(moderated), []))).toMatchObject({ flagged: false, segments: [] });
  });

  it("refuses to say what its schema does not allow", () => {
    expect(() => written(jsonFormat(request), [], transcriptSummary({ durationMs: -1 }))).toThrow("duration");
  });
});

describe("the verbose_json format", () => {
  it("lists the segments with OpenAI's numbers", () => {
    const segment = transcriptSegment({ startMs: 1_239, temperature: 0.5 });
    const answer: unknown = JSON.parse(written(verboseJsonFormat(request), [segment]));
    expect(answer).toMatchObject({
      segments: [{ seek: 124, start: 1.239, temperature: 0.5, avg_logprob: -0.2, compression_ratio: 0.8, tokens: [] }],
      timings: { queueMs: 1, preprocessMs: 2, inferenceMs: 3, totalMs: 6 },
    });
  });

  it("says null for what the model does not say", () => {
    const segment = transcriptSegment({ language: null, noSpeechProbability: null });
    expect(JSON.parse(written(verboseJsonFormat(request), [segment]))).toMatchObject({
      segments: [{ language: null, no_speech_prob: null }],
    });
  });
});

describe("the text format", () => {
  it("puts the segments on one line", () => {
    const segments = [transcriptSegment({ text: "Un." }), transcriptSegment({ text: "Deux." })];
    expect(written(textFormat(), segments)).toBe("Un. Deux.\n");
  });
});
