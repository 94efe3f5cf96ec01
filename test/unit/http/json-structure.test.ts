import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { maxTextLength, maxTexts } from "../../../src/admission/input-limits.ts";
import { maxNesting, maxScanned, maxValues, structureProblem } from "../../../src/http/json-structure.ts";

describe("structureProblem", () => {
  it("accepts as many levels as the limit says", () => {
    expect(structureProblem("[".repeat(maxNesting) + "]".repeat(maxNesting))).toBeNull();
    expect(structureProblem('{"a":'.repeat(maxNesting) + "1" + "}".repeat(maxNesting))).toBeNull();
  });

  it("refuses one level more, whether or not it is ever closed", () => {
    expect(structureProblem("[".repeat(maxNesting + 1))).toMatch(/nested more than 32 levels/);
    expect(structureProblem('[{"a":'.repeat(maxNesting / 2) + "[1]")).toMatch(/nested/);
  });

  it("refuses more values than the limit says", () => {
    expect(structureProblem(`[${"1,".repeat(maxValues - 1)}1]`)).toBeNull();
    expect(structureProblem(`[${"1,".repeat(maxValues)}1]`)).toMatch(/more than 10000 values/);
    const nested = "[".repeat(maxNesting - 1) + "]".repeat(maxNesting - 1);
    expect(structureProblem(`[${`${nested},`.repeat(maxValues / maxNesting)}${nested}]`)).toMatch(/more than 10000/);
  });

  it("lets every text of the greatest length through, however it is written", () => {
    for (const character of ['\\"', "\\\\", "\\n", "\\u0022", "\\ud83d\\udc4d", "👍"]) {
      const texts = Array(maxTexts).fill(`"${character.repeat(maxTextLength)}"`);
      expect(structureProblem(`{"inputs":{"classificationInputs":[${texts.join(",\n    ")}]}}`)).toBeNull();
    }
    expect(structureProblem(`["${"a".repeat(4_194_304)}"]`)).toBeNull();
  });

  it("gives up on more white space, quotes or backslashes than a valid body can need", () => {
    for (const [start, unit, end] of [
      ["[", " ", "]"],
      ["", '""', ""],
      ['["', '\\"', '"]'],
      ['["', "\\\\", '"]'],
    ]) {
      expect(structureProblem(`${start}${unit?.repeat(maxScanned)}${end}`)).toMatch(/more than \d+ quotes/);
    }
  });

  it("does not count what stands in strings, however they are escaped", () => {
    const brackets = "[{,".repeat(2 * maxValues);
    for (const text of [brackets, `\\"${brackets}`, `${brackets}\\\\`, `\\\\\\"${brackets}\\"`]) {
      expect(structureProblem(`["${text}"]`)).toBeNull();
    }
  });

  it("counts on after a string that ends with backslashes", () => {
    expect(structureProblem(`["\\\\",${"[".repeat(maxNesting)}`)).toMatch(/nested/);
  });

  it("knows the depth of any nesting of arrays and objects", () => {
    const levels = fc.array(fc.constantFrom("array", "object"), { maxLength: maxNesting + 8 });
    fc.assert(
      fc.property(levels, fc.string(), (kinds, text) => {
        const value = kinds.reduce<unknown>((inner, kind) => (kind === "array" ? [0, inner] : { [text]: inner }), text);
        expect(structureProblem(JSON.stringify(value)) === null).toBe(kinds.length <= maxNesting);
      }),
    );
  });

  it("takes time linear in the length of its input", () => {
    for (const text of ['"', '"\\', "\\", '\\"', '"a"', "[]", "{"]) {
      const input = text.repeat(1_048_576 / text.length);
      const start = performance.now();
      structureProblem(input);
      // A quadratic scan of 1 MiB would take minutes.
      expect(performance.now() - start).toBeLessThan(5_000);
    }
  });
});
