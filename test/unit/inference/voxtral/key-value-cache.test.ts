import fc from "fast-check";
import { expect, test } from "vitest";
import { rawTensor, rawValues } from "../../../../src/inference/session.ts";
import {
  attentionMask,
  joinCaches,
  type KeyValueCache,
  keepRows,
  type PaddingSide,
  positionIds,
} from "../../../../src/inference/voxtral/key-value-cache.ts";

const heads = 2;
const width = 3;
const names = ["past_key_values.0.key", "past_key_values.0.value"];
const side = fc.constantFrom<PaddingSide>("left", "right");
const lengths = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 7 });

test("every row keeps its own numbers at its own end of the row, and the empty places hold zeros", () => {
  fc.assert(
    fc.property(lengths, side, fc.boolean(), (tokens, padding, isHalf) => {
      const caches = tokens.map((length, row) => cacheOf(row, length, isHalf));
      const joined = joinCaches(caches, padding);
      expect([joined.columns, joined.lengths]).toEqual([Math.max(...tokens), tokens]);
      tokens.forEach((_, row) => expectRow(joined, row, caches[row]!));
    }),
  );
});

test("rows that leave take nothing of the others with them", () => {
  fc.assert(
    fc.property(lengths, side, fc.infiniteStream(fc.boolean()), (tokens, padding, choices) => {
      const caches = tokens.map((length, row) => cacheOf(row, length, false));
      const rows = tokens.flatMap((_, row) => (choices.next().value ? [row] : []));
      const kept = keepRows(joinCaches(caches, padding), rows);
      expect(kept.lengths).toEqual(rows.map((row) => tokens[row]));
      rows.forEach((row, at) => expectRow(kept, at, caches[row]!));
    }),
  );
});

test("the mask shows each row its tokens and the new ones, and nothing else", () => {
  const cache = { tensors: {}, columns: 3, lengths: [3, 1] };
  expect([...attentionMask({ ...cache, padding: "left" }, 2)].map(Number)).toEqual([1, 1, 1, 1, 1, 0, 0, 1, 1, 1]);
  // A decoder that only counts takes the first places.
  expect([...attentionMask({ ...cache, padding: "right" }, 2)].map(Number)).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 0, 0]);
});

test("positions count the tokens of the row, not its places", () => {
  const cache: KeyValueCache = { tensors: {}, columns: 3, lengths: [3, 1], padding: "left" };
  expect([...positionIds(cache, 2)].map(Number)).toEqual([3, 4, 1, 2]);
});

/** A sequence whose numbers tell row, head, token and place, none of them 0. */
function cacheOf(row: number, length: number, isHalf: boolean): KeyValueCache {
  const values = Array.from({ length: heads * length * width }, (_, at) => 1 + row * 300 + at);
  const typed = isHalf ? Uint16Array.from(values) : Float32Array.from(values);
  const tensor = rawTensor(typed, [1, heads, length, width]);
  return {
    tensors: Object.fromEntries(names.map((name) => [name, tensor])),
    columns: length,
    lengths: [length],
    padding: "left",
  };
}

function expectRow(cache: KeyValueCache, row: number, own: KeyValueCache): void {
  for (const name of names) {
    const tensor = cache.tensors[name]!;
    expect(tensor.dims).toEqual([cache.lengths.length, heads, cache.columns, width]);
    const size = cache.columns * width;
    for (let head = 0; head < heads; head++) {
      const start = (row * heads + head) * size;
      const found = [...rawValues(tensor).subarray(start, start + size)];
      const ownSize = own.columns * width;
      const expected = [...rawValues(own.tensors[name]!).subarray(head * ownSize, (head + 1) * ownSize)];
      const empty = Array.from({ length: size - ownSize }, () => 0);
      expect(found).toEqual(cache.padding === "left" ? [...empty, ...expected] : [...expected, ...empty]);
    }
  }
}
