import * as fc from "fast-check";
import { expect, test } from "vitest";
import { PieceTrie, rootNode } from "../../../src/text/piece-trie.ts";

test("finds every piece, and no text that is none", () => {
  const word = fc.string({ unit: fc.constantFrom("a", "b", "é", "▁", "\ud83d\ude00"), minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(fc.uniqueArray(word, { minLength: 1, maxLength: 50 }), word, (pieces, other) => {
      const trie = new PieceTrie(pieces);
      for (const text of [...pieces, other]) {
        expect(find(trie, text)).toBe(pieces.indexOf(text));
      }
    }),
  );
});

test("an empty piece is never met on the way along a text", () => {
  const trie = new PieceTrie(["", "a"]);
  expect(find(trie, "a")).toBe(1);
  expect(find(trie, "b")).toBe(-1);
});

function find(trie: PieceTrie, text: string): number {
  let node: number = rootNode;
  for (let index = 0; index < text.length && node !== -1; index++) {
    node = trie.step(node, text.charCodeAt(index));
  }
  return node === -1 ? -1 : trie.pieceAt(node);
}
