import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { foldText } from "../../../src/text/fold-text.ts";

const golden: [written: string, folded: string][] = JSON.parse(
  readFileSync(new URL("../../golden/fold-text.json", import.meta.url), "utf8"),
);

test("texts are folded as in training", () => {
  expect(golden.length).toBeGreaterThan(400);
  for (const [written, folded] of golden) {
    expect(foldText(written).folded).toBe(folded);
  }
});

test("capitals, invisible characters and look-alike letters hide nothing", () => {
  expect(foldText("FERME-LA").folded).toBe("ferme-la");
  expect(foldText("Paul, FERME TA BOUCHE !").folded).toBe("Paul, ferme ta bouche !");
  expect(foldText("bon\u200bjour").folded).toBe("bonjour");
  expect(foldText("b\u043enjour").folded).toBe("bonjour");
});

test("acronyms, other scripts and emoji stay as they are", () => {
  for (const text of ["La SNCF arrive", "OK", "Привет мир", "👨\u200d👩\u200d👧 ok"]) {
    expect(foldText(text).folded).toBe(text);
  }
});

test("offsets lead back to the characters as written", () => {
  const { folded, writtenStart, writtenEnd } = foldText("un mot\u200b\u200bif ici");
  const start = folded.indexOf("motif");
  expect(writtenStart(start)).toBe(3);
  expect(writtenEnd(start + "motif".length)).toBe(10);
  expect(writtenEnd(folded.length)).toBe(14);
});

test("any text keeps its order, its offsets stay within it, and folding twice changes nothing more than once", () => {
  const piece = fc.constantFrom("A", "b", "É", " ", "\u200b", "с", "İ", "😀", "Σ", "\ufeff", "\u00a0", "x9");
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const text = pieces.join("");
      const { folded, writtenStart, writtenEnd } = foldText(text);
      let last = 0;
      for (let offset = 0; offset < folded.length; offset++) {
        const start = writtenStart(offset);
        expect(start).toBeGreaterThanOrEqual(last);
        expect(writtenEnd(offset + 1)).toBeGreaterThan(start);
        expect(writtenEnd(offset + 1)).toBeLessThanOrEqual(text.length);
        last = start;
      }
      expect(foldText(folded).folded).toBe(folded);
    }),
  );
});
