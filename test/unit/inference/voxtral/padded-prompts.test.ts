import fc from "fast-check";
import { expect, test } from "vitest";
import { joinAudio, paddedPositions, padPrompts } from "../../../../src/inference/voxtral/padded-prompts.ts";

const emptyId = 2;
const prompts = fc.array(
  fc.record({
    tokenIds: fc
      .array(fc.integer({ min: 3, max: 1_000 }), { minLength: 1, maxLength: 30 })
      .map((ids) => Int32Array.from(ids)),
    audio: fc.array(fc.integer(), { maxLength: 8 }).map((values) => Float32Array.from(values)),
  }),
  { minLength: 1, maxLength: 6 },
);

test("each prompt stands at the end of its row, its positions count from 0, and its audio follows that of the one before", () => {
  fc.assert(
    fc.property(prompts, (each) => {
      const { columns, lengths, inputIds } = padPrompts(each, emptyId);
      const positions = paddedPositions(lengths, columns);
      expect(inputIds).toHaveLength(each.length * columns);
      expect(positions).toHaveLength(each.length * columns);
      each.forEach(({ tokenIds }, row) => {
        const empty = columns - tokenIds.length;
        const ids = [...inputIds.subarray(row * columns, (row + 1) * columns)].map(Number);
        expect(ids).toEqual([...Array<number>(empty).fill(emptyId), ...tokenIds]);
        const places = [...positions.subarray(row * columns + empty, (row + 1) * columns)].map(Number);
        expect(places).toEqual([...tokenIds.keys()]);
      });
      expect([...joinAudio(each)]).toEqual(each.flatMap(({ audio }) => [...audio]));
    }),
  );
});
