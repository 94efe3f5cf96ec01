import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { LoadedModel } from "../../src/inference/plugin.ts";
import { plugin } from "../../src/inference/plugins/camembert.ts";
import { openModelFolder } from "../../src/model-store/model-folder.ts";
import { toLabelScores } from "../../src/tasks/label-scores.ts";
import { textWindow } from "../helpers/fixture-process.ts";
import { loadMessage } from "../helpers/load-message.ts";
import { logitsOf } from "../helpers/logits-of.ts";
import { realModelFolder } from "../helpers/model-folder.ts";

// Logits of the committed model by another implementation, Python's onnxruntime. The tool that made the file, its version
// and its command are in it.

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

/** As many windows of 128 tokens as the service puts into one batch. */
const batchSize = 8;

const file = fileURLToPath(new URL("../golden/classify-logits.json", import.meta.url));
const golden = goldenSchema.parse(JSON.parse(readFileSync(file, "utf8")));

describe("the plugin agrees with Python's onnxruntime", () => {
  const texts = golden.texts.flatMap(({ inputIds, logits }) => (logits ? [{ inputIds, logits }] : []));
  const { tolerance } = golden;
  let model: LoadedModel;

  beforeAll(async () => {
    const { manifest } = await openModelFolder(realModelFolder);
    model = await plugin.load(realModelFolder, manifest, loadMessage.session);
  });

  afterAll(async () => {
    await model.dispose();
  });

  test("the golden file is of the model that is served", async () => {
    const { manifest } = await openModelFolder(realModelFolder);
    const onnx = manifest.files.find(({ path }) => path.endsWith(".onnx"));
    expect(golden?.model).toEqual({ name: manifest.name, version: manifest.version, sha256: onnx?.sha256 });
    expect(texts.length).toBeGreaterThanOrEqual(50);
  });

  test("on every text by itself", async () => {
    for (const { inputIds, logits } of texts) {
      const [output] = await model.run([textWindow(...inputIds)], () => {});
      expectAgreement(logitsOf(output), logits, tolerance);
    }
  });

  test("on texts of all lengths in one batch, padded to the longest", async () => {
    for (let from = 0; from < texts.length; from += batchSize) {
      const batch = texts.slice(from, from + batchSize);
      const outputs = await model.run(
        batch.map(({ inputIds }) => textWindow(...inputIds)),
        () => {},
      );
      for (const [index, { logits }] of batch.entries()) {
        expectAgreement(logitsOf(outputs[index]), logits, tolerance);
      }
    }
  });
});

function expectAgreement(
  actual: Float32Array | undefined,
  expected: readonly number[],
  tolerance: { readonly logits: number; readonly scores: number },
): void {
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
