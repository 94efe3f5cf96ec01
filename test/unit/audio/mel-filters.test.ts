import { expect, test } from "vitest";
import { melFilters } from "../../../src/audio/mel-filters.ts";

// transformers 5.23.0, mel_filter_bank(201, bands, 0, 8000, 16000, norm="slaney", mel_scale="slaney"): first and last bin
// of a filter, its largest weight, and the sum of all.
test.each([
  [80, 0, 1, 1, 0.024862593984176087, 0.024862593984176087],
  [80, 40, 42, 44, 0.014735565741439142, 0.02666486053478325],
  [80, 79, 186, 199, 0.003164711739176461, 0.024925339738858847],
  [128, 0, 1, 1, 0.012373986332636965, 0.012373986332636965],
  [128, 40, 24, 24, 0.040376364759333816, 0.040376364759333816],
  [128, 127, 191, 199, 0.005041601675024642, 0.02493604388376728],
])("of %i filters, number %i is that of transformers", (bands, band, first, last, largest, sum) => {
  const filter = melFilters(bands, 201, 16_000)[band];
  const weights = filter?.weights ?? new Float64Array(0);
  expect(filter?.first).toBe(first);
  expect(first + weights.length - 1).toBe(last);
  expect(Math.max(...weights)).toBeCloseTo(largest, 14);
  expect(weights.reduce((total, weight) => total + weight, 0)).toBeCloseTo(sum, 14);
});

test.each([80, 128])("%i filters cover the spectrum from left to right, each with positive weights", (bands) => {
  const filters = melFilters(bands, 201, 16_000);
  const ends = filters.map(({ first, weights }) => first + weights.length);
  expect(filters.every(({ weights }) => weights.length > 0 && weights.every((weight) => weight > 0))).toBe(true);
  expect(filters.every(({ first }, band) => band === 0 || first >= (filters[band - 1]?.first ?? 0))).toBe(true);
  expect(Math.max(...ends)).toBe(200);
});
