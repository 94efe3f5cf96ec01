import fc from "fast-check";
import { expect, test } from "vitest";
import { ReplacementBreaker } from "../../../src/processes/replacement-breaker.ts";

const hourMs = 3_600_000;

test("it grants as many replacements as an hour may have, then opens for an hour", () => {
  const breaker = new ReplacementBreaker();
  expect([1, 2, 3].map((now) => breaker.grant(now, 3))).toEqual([true, true, true]);
  expect([breaker.isOpen(4), breaker.count(4)]).toEqual([false, 3]);
  expect(breaker.grant(10, 3)).toBe(false);
  expect(breaker.isOpen(10 + hourMs - 1)).toBe(true);
  expect(breaker.grant(10 + hourMs - 1, 3)).toBe(false);
  expect(breaker.isOpen(10 + hourMs)).toBe(false);
  expect([0, 1, 2, 3].map((at) => breaker.grant(10 + hourMs + at, 3))).toEqual([true, true, true, false]);
});

test("replacements that are far enough apart never open it", () => {
  const breaker = new ReplacementBreaker();
  const times = Array.from({ length: 50 }, (_, index) => (index * hourMs) / 2);
  expect(times.every((now) => breaker.grant(now, 2))).toBe(true);
});

test("with none allowed the first one asked for opens it", () => {
  const breaker = new ReplacementBreaker();
  expect(breaker.grant(0, 0)).toBe(false);
  expect(breaker.isOpen(0)).toBe(true);
});

test("no hour has more replacements than allowed, whenever they are asked for", () => {
  const gaps = fc.array(fc.integer({ min: 0, max: hourMs }), { maxLength: 100 });
  fc.assert(
    fc.property(gaps, fc.integer({ min: 0, max: 8 }), (waits, most) => {
      const breaker = new ReplacementBreaker();
      const granted: number[] = [];
      let now = 0;
      for (const wait of waits) {
        now += wait;
        if (breaker.grant(now, most)) {
          granted.push(now);
        }
        const end = now;
        expect(granted.filter((at) => end - at < hourMs).length).toBeLessThanOrEqual(most);
      }
    }),
  );
});
