import type * as OnnxRuntime from "onnxruntime-node";
import { loadOnnxRuntime } from "../../src/inference/load-onnx-runtime.ts";
import type { BareLoadMessage, BareMessage, BareReply } from "./bare-message.ts";

/** Entry of a bare process: a session and nothing around it. Tensors are ready before the first run. */

const { InferenceSession, Tensor } = await loadOnnxRuntime();

let session: OnnxRuntime.InferenceSession | null = null;
let feeds: Record<string, OnnxRuntime.Tensor>[] = [];
let queue: Promise<void> = Promise.resolve();

process.on("message", (message: BareMessage) => {
  queue = queue.then(() => (message.type === "load" ? load(message) : run(message.batch)));
});
process.on("disconnect", () => process.exit(0));

async function load({ onnxFile, intraOpNumThreads, executionProvider, batches }: BareLoadMessage): Promise<void> {
  session = await InferenceSession.create(onnxFile, {
    executionProviders: executionProvider === "cpu" ? ["cpu"] : [executionProvider, "cpu"],
    intraOpNumThreads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "all",
    logSeverityLevel: 3,
  });
  feeds = batches.map(({ rows, width, inputIds, attentionMask }) => ({
    input_ids: new Tensor("int64", inputIds, [rows, width]),
    attention_mask: new Tensor("int64", attentionMask, [rows, width]),
  }));
  reply({ type: "loaded" });
}

async function run(batch: number): Promise<void> {
  const outputs = await session?.run(feeds[batch] ?? {});
  const logits = outputs?.["logits"]?.data;
  if (!(logits instanceof Float32Array)) {
    throw new Error("the model gave no float32 logits");
  }
  reply({ type: "ran", batch, logits });
}

function reply(message: BareReply): void {
  process.send?.(message);
}
