import fc from "fast-check";
import { expect, test } from "vitest";
import { shareText } from "../../../src/tasks/share-text.ts";

test("one stretch of speech gets the whole text", () => {
  expect(shareText("  Bonjour à\ntous. ", [5])).toEqual(["Bonjour à tous."]);
});

test("a text is cut where a sentence ends, when that is near the place where the stretch ends", () => {
  const text = "Le train part à huit heures. Il arrive à midi, si tout va bien.";
  expect(shareText(text, [4, 6])).toEqual(["Le train part à huit heures.", "Il arrive à midi, si tout va bien."]);
  expect(shareText(text, [5, 5])).toEqual(["Le train part à huit heures.", "Il arrive à midi, si tout va bien."]);
});

test("the end of a clause is preferred to a mere space, and a quotation's end is that of its sentence", () => {
  expect(shareText("Il arrive à midi, si tout va bien demain", [4, 6])).toEqual([
    "Il arrive à midi,",
    "si tout va bien demain",
  ]);
  expect(shareText("Elle a dit « jamais plus. » Puis elle est partie loin", [5, 5])).toEqual([
    "Elle a dit « jamais plus. »",
    "Puis elle est partie loin",
  ]);
});

test("without marks a text is cut between words, in proportion to the lengths", () => {
  expect(shareText("aaaa bbbb cccc dddd", [1, 1, 2])).toEqual(["aaaa", "bbbb", "cccc dddd"]);
});

test("a mark that stands apart from its word stays with it", () => {
  expect(shareText("Tu viens ? Oui", [2, 2])).toEqual(["Tu viens ?", "Oui"]);
  expect(shareText("aaaa ! bbbb ! cccc ! dddd !", [1, 1, 1, 1])).toEqual(["aaaa !", "bbbb !", "cccc !", "dddd !"]);
  expect(shareText("il dit « oui » et part", [2, 3])).toEqual(["il dit", "« oui » et part"]);
});

test("a stretch that is too short for a word gets nothing", () => {
  expect(shareText("Bonjour", [1, 1])).toEqual(["", "Bonjour"]);
  expect(shareText("", [1, 2])).toEqual(["", ""]);
});

test("no word is lost, doubled or moved, whatever the text and the lengths", () => {
  const word = fc.oneof(fc.stringMatching(/^[a-zé]{1,12}[.,;!?]?$/), fc.constantFrom("«", "»", "?", "!", "(", "…"));
  const lengths = fc.array(fc.nat(30_000), { minLength: 1, maxLength: 12 }).filter((each) => each.some((n) => n > 0));
  fc.assert(
    fc.property(fc.array(word, { maxLength: 60 }), lengths, (words, stretches) => {
      const shares = shareText(words.join(" "), stretches);
      expect(shares).toHaveLength(stretches.length);
      expect(shares.filter((share) => share !== "").join(" ")).toBe(words.join(" "));
    }),
  );
});

test("a stretch gets about its share: no cut is farther off than the longest word and what a sentence is worth", () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 30_000 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(
      fc.array(fc.stringMatching(/^[a-z]{1,9}[.,]?$/), { minLength: 30, maxLength: 80 }),
      lengths,
      (words, stretches) => {
        const text = words.join(" ");
        const total = stretches.reduce((sum, length) => sum + length, 0);
        let expected = 0;
        let actual = 0;
        for (const [index, share] of shareText(text, stretches).entries()) {
          expected += ((stretches[index] ?? 0) / total) * text.length;
          actual += share === "" ? 0 : share.length + 1;
          expect(Math.abs(actual - expected)).toBeLessThanOrEqual(11 + 20);
        }
      },
    ),
  );
});
