import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Manifest } from "../../model-store/manifest.ts";
import type { SessionSettings, WindowInput, WindowOutput } from "../../processes/protocol.ts";
import type { LoadedModel, Plugin } from "../plugin.ts";
import { int64Tensor, Session } from "../session.ts";

/** The part of a Hugging Face `config.json` that running the graph needs. */
const modelConfigSchema = z.object({
  model_type: z.literal("camembert"),
  pad_token_id: z.int().nonnegative(),
  bos_token_id: z.int().nonnegative(),
  eos_token_id: z.int().nonnegative(),
});

/** CamemBERT with a sequence classification head: `input_ids`, `attention_mask` → `logits` [batch, labels]. */
export const plugin: Plugin = {
  name: "camembert",
  task: "text-classification",

  unsupportedReason(manifest: Manifest): string | null {
    return onnxFile(manifest) === null ? "it lists no onnx/model*.onnx file" : null;
  },

  async load(folder: string, manifest: Manifest, settings: SessionSettings): Promise<LoadedModel> {
    const config = modelConfigSchema.parse(JSON.parse(await readFile(join(folder, "config.json"), "utf8")));
    const file = onnxFile(manifest);
    if (file === null) {
      throw new Error("the manifest lists no onnx/model*.onnx file");
    }
    const session = await Session.open(
      join(folder, file),
      { inputs: ["input_ids", "attention_mask"], outputs: ["logits"] },
      settings,
    );
    const run = (inputs: readonly WindowInput[]) => classify(session, inputs, config.pad_token_id);
    return {
      device: session.device,
      warmUp: async () => {
        const inputIds = Int32Array.from([config.bos_token_id, config.eos_token_id]);
        await run([{ kind: "text", inputIds }]);
      },
      run,
      dispose: () => session.release(),
    };
  },
};

function onnxFile(manifest: Manifest): string | null {
  return manifest.files.find(({ path }) => /^onnx\/model[\w.-]*\.onnx$/.test(path))?.path ?? null;
}

/** One row of logits per window. Rows are padded to the longest window of the batch, no further. */
async function classify(
  session: Session,
  inputs: readonly WindowInput[],
  padTokenId: number,
): Promise<WindowOutput[]> {
  const width = Math.max(...inputs.map(({ inputIds }) => inputIds.length));
  const ids = new BigInt64Array(inputs.length * width).fill(BigInt(padTokenId));
  const mask = new BigInt64Array(inputs.length * width);
  for (const [row, { inputIds }] of inputs.entries()) {
    let at = row * width;
    for (const id of inputIds) {
      ids[at] = BigInt(id);
      mask[at] = 1n;
      at++;
    }
  }
  const shape = [inputs.length, width];
  const { logits } = await session.run({
    input_ids: int64Tensor(ids, shape),
    attention_mask: int64Tensor(mask, shape),
  });
  if (!(logits?.data instanceof Float32Array) || logits.dims[0] !== inputs.length) {
    throw new Error(`logits are not float32 [${inputs.length}, labels] but ${logits?.type} [${logits?.dims}]`);
  }
  const { data } = logits;
  const labels = data.length / inputs.length;
  return inputs.map((_, row) => ({ logits: data.slice(row * labels, (row + 1) * labels) }));
}
