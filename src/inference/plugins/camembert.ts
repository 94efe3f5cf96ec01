import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Manifest } from "../../model-store/manifest.ts";
import type { SessionSettings, TimingOrder, WindowInput, WindowOutput } from "../../processes/protocol.ts";
import { JsonFields } from "../json-fields.ts";
import type { LoadedModel, Plugin, TimedRun } from "../plugin.ts";
import { float32Values, int64Tensor, Session, type Tensors } from "../session.ts";
import { encoderKeys, transformerWeights } from "../transformer-weights.ts";

const timedWindowTokens = 128;

/** CamemBERT with a sequence classification head: `input_ids`, `attention_mask` → `logits` [batch, labels]. */
export const plugin: Plugin = {
  name: "camembert",
  task: "text-classification",

  unsupportedReason(manifest: Manifest): string | null {
    return onnxFile(manifest) === null ? "it lists no onnx/model*.onnx file" : null;
  },

  async load(folder: string, manifest: Manifest, settings: SessionSettings): Promise<LoadedModel> {
    const configFile = join(folder, "config.json");
    const { padId, startId, endId } = await readTokenIds(configFile);
    const file = onnxFile(manifest);
    if (file === null) {
      throw new Error("the manifest lists no onnx/model*.onnx file");
    }
    const session = await Session.open(
      join(folder, file),
      { inputs: ["input_ids", "attention_mask"], outputs: ["logits"] },
      settings,
    );
    const run = (inputs: readonly WindowInput[]) => classify(session, inputs, padId);
    return {
      get device() {
        return session.device;
      },
      warmUp: async () => {
        await run([{ kind: "text", inputIds: Int32Array.of(startId, endId) }]);
      },
      run,
      timedRun: (order) => timedRun(session, configFile, order),
      dispose: () => session.release(),
    };
  },
};

/** A batch of whole windows. Its tensors are made before: that would take as long as the device does. */
async function timedRun(
  session: Session,
  configFile: string,
  { operations, maxUnits }: TimingOrder,
): Promise<TimedRun> {
  const config = await JsonFields.read(configFile);
  const weights = transformerWeights(config, encoderKeys);
  const tokens = Math.min(operations / (2 * weights), maxUnits);
  const windows = Math.max(1, Math.floor(tokens / timedWindowTokens));
  const row = new Int32Array(timedWindowTokens).fill(config.count("bos_token_id"));
  const tensors = tensorsOf(
    Array.from({ length: windows }, () => row),
    config.count("pad_token_id"),
  );
  return { weights, tokens: windows * timedWindowTokens, run: () => session.run(tensors) };
}

/** The part of a Hugging Face `config.json` that running the graph needs. */
async function readTokenIds(file: string): Promise<{ padId: number; startId: number; endId: number }> {
  const config = JSON.parse(await readFile(file, "utf8")) as Partial<Record<string, unknown>> | null;
  if (config?.["model_type"] !== plugin.name) {
    throw new Error(`${file} is of another model_type than ${plugin.name}`);
  }
  const idOf = (key: string): number => {
    const id = config[key];
    if (typeof id !== "number" || !Number.isSafeInteger(id) || id < 0) {
      throw new Error(`${file} has no valid ${key}`);
    }
    return id;
  };
  return { padId: idOf("pad_token_id"), startId: idOf("bos_token_id"), endId: idOf("eos_token_id") };
}

function onnxFile(manifest: Manifest): string | null {
  return manifest.files.find(({ path }) => /^onnx\/model[\w.-]*\.onnx$/.test(path))?.path ?? null;
}

/** Rows are padded to the longest of the batch, no further. */
function tensorsOf(rows: readonly Int32Array[], padTokenId: number): Tensors {
  const width = Math.max(...rows.map((inputIds) => inputIds.length));
  const ids = new BigInt64Array(rows.length * width).fill(BigInt(padTokenId));
  const mask = new BigInt64Array(rows.length * width);
  for (const [row, inputIds] of rows.entries()) {
    let at = row * width;
    for (const id of inputIds) {
      ids[at] = BigInt(id);
      mask[at] = 1n;
      at++;
    }
  }
  const shape = [rows.length, width];
  return { input_ids: int64Tensor(ids, shape), attention_mask: int64Tensor(mask, shape) };
}

/** One row of logits per window. */
async function classify(session: Session, inputs: readonly WindowInput[], padTokenId: number): Promise<WindowOutput[]> {
  const { logits } = await session.run(tensorsOf(inputs.map(inputIdsOf), padTokenId));
  if (logits?.dims[0] !== inputs.length) {
    throw new Error(`logits are not [${inputs.length}, labels] but [${logits?.dims.join(", ")}]`);
  }
  const data = float32Values(logits);
  const labels = data.length / inputs.length;
  return inputs.map((_, row) => ({ kind: "logits", logits: data.slice(row * labels, (row + 1) * labels) }));
}

function inputIdsOf(input: WindowInput): Int32Array {
  if (input.kind !== "text") {
    throw new Error(`${plugin.name} reads windows of text, not of ${input.kind}`);
  }
  return input.inputIds;
}
