import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { ServedModels } from "../../../../bench/gpu/served-models.ts";
import { openModelFolder } from "../../../../src/model-store/model-folder.ts";
import { tinyVoxtralFolder } from "../../../helpers/tiny-voxtral.ts";

interface Entry {
  readonly folder: string;
  readonly maxBatchSize?: number;
  readonly executionProvider?: string;
}

function entriesOf(file: string): readonly Entry[] {
  return (parse(readFileSync(file, "utf8")) as { readonly models: readonly Entry[] }).models;
}

test("a folder is served in one form, beside texts that stay away from the device", async () => {
  const speech = { folder: tinyVoxtralFolder("voxtral-grouped"), form: "q4f16", entry: { maxBatchSize: 8 } };
  const served = await ServedModels.prepare({ speech });
  const file = served.environment["MODELS_FILE"] ?? "";
  const [texts, model] = entriesOf(file);
  expect(texts?.executionProvider).toBe("cpu");
  expect(model?.maxBatchSize).toBe(8);
  expect(served.environment["SERVICE__TRANSCRIBE__MODEL"]).toBe("speech");
  const { manifest } = await openModelFolder(model?.folder ?? "");
  const graphs = manifest.files.filter(({ path }) => path.endsWith(".onnx")).map(({ path }) => path);
  expect(graphs).toEqual(["onnx/audio_encoder_q4f16.onnx", "onnx/decoder_fused_q4f16.onnx"]);
  served[Symbol.dispose]();
  expect(existsSync(join(model?.folder ?? "", "manifest.json"))).toBe(false);
});
