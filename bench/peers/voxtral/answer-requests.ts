import { createInterface } from "node:readline";
import type { DecodeAnswer, DecodeJob, DecodeRequest } from "./decode-job.ts";
import { cpuMilliseconds, type GraphRun, phaseTimes } from "./graph-runs.ts";

/** Gives at most so many tokens, without the end token. */
export type Decode = (maxNewTokens: number) => Promise<readonly number[]>;

/** The loop of a peer as `LineProcess` wants it: says that it is ready, then answers each line of its input. */
export async function answerRequests({ promptTokenIds }: DecodeJob, runs: GraphRun[], decode: Decode): Promise<void> {
  process.stdout.write(`${JSON.stringify({ ready: true })}\n`);
  for await (const line of createInterface({ input: process.stdin })) {
    const { maxNewTokens } = JSON.parse(line) as DecodeRequest;
    runs.length = 0;
    const startedAt = performance.now();
    const tokenIds = await decode(maxNewTokens);
    const moments = {
      startedAt,
      endedAt: performance.now(),
      endCpuMs: cpuMilliseconds(),
      promptTokens: promptTokenIds.length,
    };
    const answer: DecodeAnswer = { tokenIds, times: phaseTimes(runs, moments) };
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
}
