import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Unigram } from "../../../src/text/unigram.ts";

const unknownId = 0;
const special = [{ id: 1, content: "</s>", special: true }];
const vocab: [string, number][] = [
  ["<unk>", 0],
  ["</s>", 0],
  ["a", -3],
  ["b", -3],
  ["ab", -4],
  ["ba", -4.5],
  ["aba", -8],
  ["😀", -5],
  ["<", -6],
  ["/", -6],
  ["s", -6],
  [">", -6],
  ["</s>x", -100],
];
const unigram = new Unigram({ unk_id: unknownId, vocab }, special);
const idsOf = (word: string): readonly number[] => unigram.encode(word).ids;
const idOf = (piece: string): number => vocab.findIndex(([text]) => text === piece);

test("a word is split into the pieces that are together most likely", () => {
  expect(idsOf("ab")).toEqual([idOf("ab")]);
  expect(idsOf("abab")).toEqual([idOf("ab"), idOf("ab")]);
  expect(idsOf("aab")).toEqual([idOf("a"), idOf("ab")]);
});

test("unknown characters in a row are one unknown piece", () => {
  expect(idsOf("zzabzzz漢")).toEqual([unknownId, idOf("ab"), unknownId]);
});

test("every piece says where it ends", () => {
  expect(unigram.encode("zzab😀a").ends).toEqual([2, 4, 6, 7]);
});

test("a surrogate pair is one character", () => {
  expect(idsOf("😀😁")).toEqual([idOf("😀"), unknownId]);
});

test("half of a surrogate pair is an unknown character", () => {
  expect(idsOf("a\ud83d")).toEqual([idOf("a"), unknownId]);
});

test("a typed special token is ordinary text, and so is a piece that holds one", () => {
  const characters = ["<", "/", "s", ">"].map(idOf);
  expect(idsOf("</s>")).toEqual(characters);
  expect(idsOf("</s>x")).toEqual([...characters, unknownId]);
});

test("nothing has no pieces", () => {
  expect(idsOf("")).toEqual([]);
});

test("no other way to split a word scores better", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("a", "b"), minLength: 1, maxLength: 9 }), (word) => {
      const ids = idsOf(word);
      expect(ids.map((id) => vocab[id]?.[0]).join("")).toBe(word);
      const score = ids.reduce((total, id) => total + (vocab[id]?.[1] ?? Number.NaN), 0);
      expect(score).toBeCloseTo(bestScore(word), 9);
    }),
  );
});

test("a word of 100,000 letters is encoded", () => {
  expect(idsOf("ab".repeat(50_000))).toHaveLength(50_000);
});

function bestScore(word: string): number {
  if (word === "") {
    return 0;
  }
  const ways = vocab.slice(special.length + 1).filter(([piece]) => word.startsWith(piece));
  return Math.max(...ways.map(([piece, score]) => score + bestScore(word.slice(piece.length))));
}
