import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Chunk } from "../../../src/text/tokenizer.ts";
import { createWindows, maxChunkTokens } from "../../../src/text/windows.ts";

const marks = { startId: 5, endId: 6 };
const limits = { windowTokens: 128, overlapTokens: 32 };

/** Chunks with the given token counts, numbered ids, one space between them. */
function chunksOf(counts: readonly number[]): Chunk[] {
  let id = 100;
  let offset = 0;
  return counts.map((count) => {
    const start = offset;
    offset += count + 1;
    return { ids: Array.from({ length: count }, () => id++), start, end: start + count };
  });
}

const sumOf = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

test("a text that fits is one window from its first word to its last", () => {
  const chunks = chunksOf([100, 26]).map((chunk) => ({ ...chunk, start: chunk.start + 3, end: chunk.end + 3 }));
  const { tokens, windows } = createWindows(chunks, 140, marks, limits);
  expect(tokens).toBe(126);
  expect(windows).toHaveLength(1);
  expect(windows[0]).toMatchObject({ start: 3, end: 130 });
  expect([...(windows[0]?.inputIds ?? [])]).toEqual([5, ...Array.from({ length: 126 }, (_, index) => 100 + index), 6]);
});

test("one token more makes two windows that share 32 tokens", () => {
  const { windows } = createWindows(chunksOf(Array<number>(127).fill(1)), 254, marks, limits);
  expect(windows.map(({ inputIds }) => inputIds.length)).toEqual([128, 35]);
  expect(windows.map(({ start, end }) => [start, end])).toEqual([
    [0, 251],
    [188, 253],
  ]);
});

test("a text without tokens is one empty window over all of it", () => {
  const { tokens, windows } = createWindows([], 7, marks, limits);
  expect(tokens).toBe(0);
  expect(windows).toEqual([{ inputIds: Int32Array.of(5, 6), start: 0, end: 7 }]);
});

test("neighbours share fewer tokens when the next chunk leaves no room for more", () => {
  const { windows } = createWindows(chunksOf([60, 20, 20, 20, 63, 63]), 300, marks, limits);
  expect(windows.map(({ inputIds }) => inputIds.length - 2)).toEqual([120, 126 - 23, 126]);
});

test("a chunk that fits no window is refused", () => {
  expect(() => createWindows(chunksOf([127]), 127, marks, limits)).toThrow(RangeError);
});

test("two of the longest chunks fit one window", () => {
  expect(maxChunkTokens({ windowTokens: 128 })).toBe(63);
  expect(maxChunkTokens({ windowTokens: 11 })).toBe(4);
});

describe("for any chunks", () => {
  const words = fc.array(fc.integer({ min: 1, max: 63 }), { maxLength: 400 });
  const sizes = fc
    .record({ windowTokens: fc.integer({ min: 128, max: 256 }), overlapTokens: fc.integer({ min: 0, max: 64 }) })
    .map((size) => ({ ...size, content: size.windowTokens - 2 }));

  test("windows are within their limit and between the special tokens", () => {
    fc.assert(
      fc.property(words, sizes, (counts, size) => {
        for (const { inputIds } of createWindows(chunksOf(counts), 1, marks, size).windows) {
          expect(inputIds.length).toBeLessThanOrEqual(size.windowTokens);
          expect([inputIds[0], inputIds.at(-1)]).toEqual([5, 6]);
        }
      }),
    );
  });

  test("what each window adds to the ones before it is, in a row, all the tokens", () => {
    fc.assert(
      fc.property(words, sizes, (counts, size) => {
        const { tokens, windows } = createWindows(chunksOf(counts), 1, marks, size);
        const seen: number[] = [];
        for (const { inputIds } of windows) {
          const ids = [...inputIds].slice(1, -1);
          expect(ids).toEqual(ids.map((_, index) => (ids[0] ?? 0) + index));
          seen.push(...ids.filter((id) => id > (seen.at(-1) ?? 0)));
        }
        expect(seen).toEqual(Array.from({ length: sumOf(counts) }, (_, index) => 100 + index));
        expect(tokens).toBe(sumOf(counts));
      }),
    );
  });

  test("every chunk lies wholly inside a window, and a window's offsets are those of its chunks", () => {
    fc.assert(
      fc.property(words, sizes, (counts, size) => {
        const chunks = chunksOf(counts);
        const { windows } = createWindows(chunks, 1, marks, size);
        for (const chunk of chunks) {
          expect(windows.some(({ inputIds }) => chunk.ids.every((id) => inputIds.includes(id)))).toBe(true);
        }
        for (const { inputIds, start, end } of counts.length > 0 ? windows : []) {
          expect(chunks.find(({ ids }) => ids[0] === inputIds[1])?.start).toBe(start);
          expect(chunks.find(({ ids }) => ids.at(-1) === inputIds.at(-2))?.end).toBe(end);
        }
      }),
    );
  });

  test("a window begins the overlap, to the chunk, before the end of the last, unless the next chunk leaves less room", () => {
    fc.assert(
      fc.property(words, sizes, (counts, size) => {
        const { windows } = createWindows(chunksOf(counts), 1, marks, size);
        for (const [index, { inputIds }] of windows.slice(1).entries()) {
          const previous = windows[index]?.inputIds ?? new Int32Array();
          const shared = (previous.at(-2) ?? 0) - (inputIds[1] ?? 0) + 1;
          expect(shared).toBeGreaterThanOrEqual(0);
          expect(shared).toBeLessThan(previous.length - 2);
          expect(shared).toBeLessThan(size.overlapTokens + 63);
          expect(shared >= size.overlapTokens || shared + 2 * 63 > size.content).toBe(true);
        }
      }),
    );
  });

  test("no window could have taken the next chunk as well", () => {
    fc.assert(
      fc.property(words, sizes, (counts, size) => {
        const chunks = chunksOf(counts);
        for (const { inputIds } of createWindows(chunks, 1, marks, size).windows.slice(0, -1)) {
          const next = chunks[chunks.findIndex(({ ids }) => ids.at(-1) === inputIds.at(-2)) + 1];
          expect(inputIds.length + (next?.ids.length ?? 0)).toBeGreaterThan(size.windowTokens);
        }
      }),
    );
  });
});
