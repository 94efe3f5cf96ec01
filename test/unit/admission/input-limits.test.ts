import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countCodePoints, isBlank, maxTextLength, textProblem } from "../../../src/admission/input-limits.ts";

describe("textProblem", () => {
  it.each(["a", "é", "👍", "  a  ", "\u200bx", "中", ".", "\u{1f468}\u200d\u{1f469}"])("accepts %j", (text) => {
    expect(textProblem(text)).toBeNull();
  });

  it("accepts as many code points as the limit says, whatever their UTF-16 length", () => {
    expect(textProblem("a".repeat(maxTextLength))).toBeNull();
    expect(textProblem("👍".repeat(maxTextLength))).toBeNull();
  });

  it("names the limit and the size of a text that is too long, in code points", () => {
    expect(textProblem("a".repeat(maxTextLength + 1))).toBe("must have at most 10000 characters, received 10001");
    expect(textProblem("👍".repeat(maxTextLength + 1))).toBe("must have at most 10000 characters, received 10001");
  });

  it.each(["\ud800", "a\udc00", "\udc00\ud800"])("refuses the lone surrogate in %j", (text) => {
    expect(textProblem(text)).toMatch(/well-formed/);
  });

  it("refuses the empty text", () => {
    expect(textProblem("")).toBe("must not be empty");
  });

  it.each([
    " ",
    "\n\t",
    "\u00a0",
    "\u3000",
    "\u0000",
    "\u200b\u200d",
    "\ufeff",
    "\u00ad",
    "\u2066",
    "\u3164",
    "\ufe0f",
  ])("refuses %j as blank: nothing of it can be seen", (text) => {
    expect(textProblem(text)).toBe("must not be blank");
  });
});

describe("isBlank", () => {
  it("is what is left of a text when white space and invisible characters are removed", () => {
    const invisible = /[\s\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu;
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(isBlank(text)).toBe(text.replaceAll(invisible, "") === "");
      }),
    );
  });
});

describe("countCodePoints", () => {
  it("counts like the iterator of strings", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(countCodePoints(text)).toBe(Array.from(text).length);
      }),
    );
  });
});
