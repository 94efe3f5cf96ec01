import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LoadedModel } from "../../src/inference/plugin.ts";
import { plugin } from "../../src/inference/plugins/camembert.ts";
import { openModelFolder } from "../../src/model-store/model-folder.ts";
import { textWindow } from "../helpers/fixture-process.ts";
import { expectAgreement, goldenLogits, textsWithLogits as texts } from "../helpers/golden-logits.ts";
import { loadMessage } from "../helpers/load-message.ts";
import { logitsOf } from "../helpers/logits-of.ts";
import { realModelFolder } from "../helpers/model-folder.ts";

// Logits of the committed model by another implementation, Python's onnxruntime. The tool that made the file, its version
// and its command are in it.

/** As many windows of 128 tokens as the service puts into one batch. */
const batchSize = 8;

describe("the plugin agrees with Python's onnxruntime", () => {
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
    expect(goldenLogits.model).toEqual({ name: manifest.name, version: manifest.version, sha256: onnx?.sha256 });
    expect(texts.length).toBeGreaterThanOrEqual(50);
  });

  test("on every text by itself", async () => {
    for (const { inputIds, logits } of texts) {
      const [output] = await model.run([textWindow(...inputIds)], () => {});
      expectAgreement(logitsOf(output), logits);
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
        expectAgreement(logitsOf(outputs[index]), logits);
      }
    }
  });
});
