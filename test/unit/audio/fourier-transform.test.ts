import fc from "fast-check";
import { expect, test } from "vitest";
import { FourierTransform } from "../../../src/audio/fourier-transform.ts";

test.each([2, 4, 8, 10, 16, 20, 40, 50, 80, 100, 200, 250, 400, 512])(
  "a transform of %i samples equals the sums that define it",
  (size) => {
    const transform = new FourierTransform(size);
    const powers = new Float64Array(size / 2 + 1);
    fc.assert(
      fc.property(fc.array(sample, { minLength: size, maxLength: size }), (samples) => {
        transform.powers(Float64Array.from(samples), powers);
        const expected = directPowers(samples);
        const largest = Math.max(1, ...expected);
        expect(powers.every((power, k) => Math.abs(power - (expected[k] ?? 0)) < 1e-11 * largest)).toBe(true);
      }),
      { numRuns: 10 },
    );
  },
);

test("a transform may be used again and again", () => {
  const transform = new FourierTransform(400);
  const samples = Float64Array.from({ length: 400 }, (_, k) => Math.sin(k));
  const first = new Float64Array(201);
  const second = new Float64Array(201);
  transform.powers(samples, first);
  transform.powers(new Float64Array(400).fill(1), second);
  transform.powers(samples, second);
  expect(second).toEqual(first);
});

test.each([6, 14, 402])("a size with another prime factor is refused: %i", (size) => {
  expect(() => new FourierTransform(size)).toThrow("prime factor");
});

const sample = fc.double({ min: -1, max: 1, noNaN: true });

function directPowers(samples: readonly number[]): number[] {
  return Array.from({ length: samples.length / 2 + 1 }, (_, k) => {
    let real = 0;
    let imaginary = 0;
    samples.forEach((value, n) => {
      const angle = (2 * Math.PI * ((k * n) % samples.length)) / samples.length;
      real += value * Math.cos(angle);
      imaginary -= value * Math.sin(angle);
    });
    return real * real + imaginary * imaginary;
  });
}
