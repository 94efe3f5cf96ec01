import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { maxLineLength, maxLines, toCues } from "../../../../src/http/transcripts/cues.ts";

const sentence =
  "Je voudrais vous présenter aujourd'hui un sujet qui me tient à cœur depuis de longues années, celui de la montagne.";

const anyText = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 300 }),
  fc.array(fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 }), { maxLength: 40 }).map((all) => all.join(" ")),
  fc.string({ unit: "binary", maxLength: 200 }),
);

function visible(text: string): string {
  return text.toWellFormed().replaceAll(/[\s\p{Cc}]/gu, "");
}

describe("toCues", () => {
  it("leaves a short text on one line for the whole time", () => {
    expect(toCues("Bonjour à tous.", 1_000, 2_500)).toEqual([
      { startMs: 1_000, endMs: 2_500, lines: ["Bonjour à tous."] },
    ]);
  });

  it("breaks a longer text into two lines of like lengths", () => {
    const [cue, ...others] = toCues("Le train de dix heures douze partira de la voie numéro trois.", 0, 4_000);
    expect(others).toEqual([]);
    expect(cue?.lines).toEqual(["Le train de dix heures douze", "partira de la voie numéro trois."]);
  });

  it("gives each of several cues time in proportion to its characters, without gaps", () => {
    const cues = toCues(sentence, 10_000, 20_000);
    expect(cues.map(({ lines }) => lines.length)).toEqual([2, 1]);
    const [first, second] = cues;
    expect([first?.startMs, second?.endMs]).toEqual([10_000, 20_000]);
    expect(second?.startMs).toBe(first?.endMs);
    const characters = cues.map(({ lines }) => lines.join("").length);
    const share = (characters[0] ?? 0) / ((characters[0] ?? 0) + (characters[1] ?? 0));
    expect(first?.endMs).toBe(10_000 + Math.round(10_000 * share));
  });

  it("makes one line of line breaks, tabs and control characters", () => {
    expect(toCues("a\r\n\r\nb\u0000\t\u0085c\u2028d", 0, 1_000)[0]?.lines).toEqual(["a b c d"]);
  });

  it("cuts a word that fits no line, but no visible character in two", () => {
    const family = "👨‍👩‍👧‍👦";
    const cues = toCues(family.repeat(8), 0, 1_000);
    const lines = cues.flatMap((cue) => cue.lines);
    expect(lines.length).toBeGreaterThan(1);
    expect(lines.every((line) => line.length % family.length === 0)).toBe(true);
    expect(
      toCues(`a${"\u0301".repeat(100)}`, 0, 1_000)
        .flatMap((cue) => cue.lines)
        .join(""),
    ).toHaveLength(101);
  });

  it("gives no cue for nothing", () => {
    expect(toCues(" \n ", 0, 1_000)).toEqual([]);
  });

  it("keeps its promises for any text and any time", () => {
    fc.assert(
      fc.property(anyText, fc.nat(100_000_000), fc.nat(60_000), (text, startMs, durationMs) => {
        const cues = toCues(text, startMs, startMs + durationMs);
        let from = startMs;
        for (const cue of cues) {
          expect(cue.startMs).toBe(from);
          expect(cue.endMs).toBeGreaterThan(cue.startMs);
          expect(Number.isInteger(cue.endMs)).toBe(true);
          expect(cue.lines.length).toBeGreaterThanOrEqual(1);
          expect(cue.lines.length).toBeLessThanOrEqual(maxLines);
          for (const line of cue.lines) {
            expect(line.length).toBeLessThanOrEqual(maxLineLength);
            expect(line).not.toMatch(/^\s*$|[\p{Cc}\u2028\u2029]/u);
          }
          from = cue.endMs;
        }
        if (cues.length > 0) {
          expect(from).toBe(startMs + Math.max(durationMs, cues.length));
        }
        expect(visible(cues.flatMap(({ lines }) => lines).join(""))).toBe(visible(text));
      }),
    );
  });
});
