import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { z } from "zod";
import { toLabelScores } from "../../src/tasks/label-scores.ts";

const goldenSchema = z.object({
  model: z.object({ name: z.string(), version: z.string(), sha256: z.string() }),
  tolerance: z.object({ logits: z.number().positive(), scores: z.number().positive() }),
  texts: z.array(
    z.object({
      text: z.string(),
      inputIds: z.array(z.int()),
      /** Not for texts of more than one window. */
      logits: z.array(z.number()).nullish(),
    }),
  ),
});

const file = fileURLToPath(new URL("../golden/classify-logits.json", import.meta.url));
/** Logits of the committed model by Python's onnxruntime; the tool that made the file is named in it. */
export const goldenLogits = goldenSchema.parse(JSON.parse(readFileSync(file, "utf8")));

/** Its texts that fit in one window. */
export const textsWithLogits = goldenLogits.texts.flatMap(({ inputIds, logits }) =>
  logits ? [{ inputIds, logits }] : [],
);

/** Logits and scores of one window are within the tolerance of the golden ones. */
export function expectAgreement(actual: Float32Array | undefined, expected: readonly number[]): void {
  const { tolerance } = goldenLogits;
  expect(actual).toHaveLength(expected.length);
  const labels = expected.map(String);
  const scores = toLabelScores(actual ?? new Float32Array(), labels);
  const expectedScores = toLabelScores(Float32Array.from(expected), labels);
  for (const [index, logit] of expected.entries()) {
    expect(Math.abs((actual?.[index] ?? Number.NaN) - logit)).toBeLessThanOrEqual(tolerance.logits);
    const difference = (scores[index]?.score ?? Number.NaN) - (expectedScores[index]?.score ?? Number.NaN);
    expect(Math.abs(difference)).toBeLessThanOrEqual(tolerance.scores);
  }
}
