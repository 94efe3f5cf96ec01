import { cpSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { LoadedModel } from "../../../../src/inference/plugin.ts";
import { plugin } from "../../../../src/inference/plugins/camembert.ts";
import { Session } from "../../../../src/inference/session.ts";
import { readManifest } from "../../../../src/model-store/model-folder.ts";
import type { TextWindowInput } from "../../../../src/processes/protocol.ts";
import { audioWindow } from "../../../helpers/audio-window.ts";
import { logitsOf } from "../../../helpers/logits-of.ts";
import { realModelFolder, validManifest } from "../../../helpers/model-folder.ts";
import { TemporaryFolder } from "../../../helpers/temporary-folder.ts";

const session = { executionProvider: "cpu", intraOpNumThreads: 1 } as const;
let model: LoadedModel;

beforeAll(async () => {
  const { manifest } = await readManifest(realModelFolder);
  model = await plugin.load(realModelFolder, manifest, session);
});

afterAll(async () => {
  await model.dispose();
});

test("a warm-up runs, and the device is the one asked for", async () => {
  await model.warmUp();
  expect(model.device).toBe("cpu");
});

test("each window has one finite logit per label, in the order of the windows", async () => {
  const short = windowOf(5, 1285, 6);
  const long = windowOf(5, ...Array.from({ length: 60 }, (_, index) => 100 + index), 6);
  const forwards = await runLogits([short, long]);
  const backwards = await runLogits([long, short]);
  expect(forwards.map(({ length }) => length)).toEqual([2, 2]);
  expect(forwards.flat().every(Number.isFinite)).toBe(true);
  expect(forwards.flat()).not.toEqual(backwards.flat());
  expectClose(forwards.toReversed(), backwards);
});

test("padding changes no score: a window gives the same alone and beside longer ones", async () => {
  const windows = [3, 10, 40, 120].map((length) => windowOf(5, ...Array.from({ length }, (_, at) => 50 + 7 * at), 6));
  const alone = await Promise.all(windows.map(async (window) => (await runLogits([window]))[0] ?? []));
  expectClose(await runLogits(windows), alone);
});

test("a token beyond the vocabulary fails the run, and the next run is answered", async () => {
  await expect(runLogits([windowOf(5, 1_000_000, 6)])).rejects.toThrow(/out of data bounds/);
  expect(await runLogits([windowOf(5, 33, 6)])).toHaveLength(1);
});

test("a window of audio fails the run", async () => {
  await expect(model.run([audioWindow()], () => {})).rejects.toThrow("camembert reads windows of text, not of audio");
});

test("a manifest without an ONNX model is not supported, one with it is", () => {
  expect(plugin.unsupportedReason(validManifest())).toBeNull();
  expect(plugin.unsupportedReason(validManifest({ "model.onnx": "", "onnx/encoder.onnx": "" }))).toBe(
    "it lists no onnx/model*.onnx file",
  );
});

test.each([{}, { pad_token_id: "1" }, { pad_token_id: -1 }])(
  "a config.json without the token id that padding needs is refused: %j",
  async (config) => {
    using folder = new TemporaryFolder();
    const file = folder.write("config.json", JSON.stringify({ model_type: "camembert", ...config }));
    const failed = plugin.load(folder.path, validManifest(), session);
    await expect(failed).rejects.toThrow(`${file} has no valid pad_token_id`);
  },
);

test.each([{ model_type: "bert" }, {}, null, []])(
  "a config.json of another model type is refused: %j",
  async (config) => {
    using folder = new TemporaryFolder();
    const file = folder.write("config.json", JSON.stringify(config));
    const failed = plugin.load(folder.path, validManifest(), session);
    await expect(failed).rejects.toThrow(`${file} is of another model_type than camembert`);
  },
);

test("a file that is no ONNX graph is refused", async () => {
  using folder = new TemporaryFolder();
  cpSync(join(realModelFolder, "config.json"), join(folder.path, "config.json"));
  folder.write("model.onnx", "no graph at all");
  const names = { inputs: ["input_ids"], outputs: ["logits"] };
  await expect(Session.open(join(folder.path, "model.onnx"), names, session)).rejects.toThrow(/model\.onnx/);
});

test("a graph without an input or output that the plugin needs is refused with their names", async () => {
  const { manifest } = await readManifest(realModelFolder);
  const file = join(realModelFolder, manifest.files.find(({ path }) => path.endsWith(".onnx"))?.path ?? "");
  const names = { inputs: ["input_ids", "token_type_ids"], outputs: ["logits", "hidden_states"] };
  await expect(Session.open(file, names, session)).rejects.toThrow(
    `${file} lacks the inputs or outputs token_type_ids, hidden_states`,
  );
});

function windowOf(...tokenIds: readonly number[]): TextWindowInput {
  return { kind: "text", inputIds: Int32Array.from(tokenIds) };
}

async function runLogits(windows: readonly TextWindowInput[]): Promise<number[][]> {
  const outputs = await model.run(windows, () => {});
  return outputs.map((output) => [...logitsOf(output)]);
}

/** Batches of another shape are computed in another order, and int8 activations round to other steps. */
function expectClose(actual: readonly number[][], expected: readonly number[][]): void {
  expect(actual.length).toBe(expected.length);
  for (const [row, logits] of expected.entries()) {
    for (const [label, logit] of logits.entries()) {
      expect(Math.abs((actual[row]?.[label] ?? Number.NaN) - logit)).toBeLessThan(0.05);
    }
  }
}
