import fc from "fast-check";
import { expect, test } from "vitest";
import { SampleBuffer } from "../../../src/audio/sample-buffer.ts";

test("whatever is appended and forgotten, what is still wanted reads back as it was", () => {
  const step = fc.record({ append: fc.integer({ min: 0, max: 40_000 }), keep: fc.integer({ min: 0, max: 60_000 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const buffer = new SampleBuffer();
      let end = 0;
      let from = 0;
      for (const { append, keep } of steps) {
        const start = end;
        buffer.append(Float32Array.from({ length: append }, (_, at) => start + at));
        end += append;
        from = Math.max(from, end - keep);
        buffer.forget(from);
        expect(buffer.end).toBe(end);
        expect(buffer.view(from, end).every((value, at) => value === from + at)).toBe(true);
        expect(buffer.view(from, end)).toHaveLength(end - from);
      }
    }),
    { numRuns: 20 },
  );
});
