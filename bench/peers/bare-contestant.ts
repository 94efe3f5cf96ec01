import { BareRuntime } from "./bare.ts";
import type { Contestant, PeerName } from "./contestant.ts";
import type { TextBatch } from "./padded-batches.ts";

/** ONNX Runtime without HTTP, over tensors that were made beforehand. */
export async function bareContestant(
  peer: PeerName,
  name: string,
  onnxFile: string,
  setting: { readonly processes: number; readonly threads: number },
  batches: readonly TextBatch[],
  passes: number,
): Promise<Contestant & Disposable> {
  const runtime = await BareRuntime.start(onnxFile, setting, batches);
  const texts = batches.reduce((total, { rows }) => total + rows, 0);
  return {
    name,
    peer,
    async scores() {
      const logits = await runtime.runAll();
      return toxicScores(batches, logits);
    },
    async measure() {
      const startedAt = performance.now();
      await runtime.runAll(passes);
      const seconds = (performance.now() - startedAt) / 1000;
      return { textsPerSecond: (texts * passes) / seconds, clientMicrosecondsPerText: 0 };
    },
    [Symbol.dispose]: () => runtime[Symbol.dispose](),
  };
}

/** By text. The model has two labels, and toxic is the second. */
function toxicScores(batches: readonly TextBatch[], logits: readonly Float32Array[]): number[] {
  const scores: number[] = [];
  for (const [index, batch] of batches.entries()) {
    for (const [row, text] of batch.texts.entries()) {
      const [harmless = Number.NaN, toxic = Number.NaN] = (logits[index] ?? new Float32Array()).slice(
        2 * row,
        2 * row + 2,
      );
      scores[text] = 1 / (1 + Math.exp(harmless - toxic));
    }
  }
  return scores;
}
