import { parentPort, workerData } from "node:worker_threads";
import type { PrepareMessage, TextResult, TextWorkerData, TextWorkerMessage } from "./messages.ts";
import { prepareText } from "./prepare-text.ts";
import { Tokenizer } from "./tokenizer.ts";
import { maxChunkTokens } from "./windows.ts";

const data = workerData as TextWorkerData;
const tokenizer = Tokenizer.load(data.modelFolder, { maxChunkTokens: maxChunkTokens(data) });

parentPort?.on("message", ({ texts }: PrepareMessage) => send({ kind: "prepared", results: texts.map(resultFor) }));
send({ kind: "ready" });

function resultFor(text: string, index: number): TextResult {
  Atomics.store(data.progress, 0, index);
  try {
    return prepareText(text, tokenizer, data);
  } catch (error) {
    return { errorName: error instanceof Error ? error.name : typeof error };
  }
}

function send(message: TextWorkerMessage): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origin
  parentPort?.postMessage(message);
}
