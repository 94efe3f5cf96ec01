import { answerLines } from "./answer-lines.ts";
import type { DecodeAnswer, DecodeJob, DecodeRequest } from "./decode-job.ts";
import { cpuMilliseconds, type GraphRun, phaseTimes } from "./graph-runs.ts";

/** Gives at most so many tokens, without the end token. */
export type Decode = (maxNewTokens: number) => Promise<readonly number[]>;

/** The loop of a peer of `voxtral-decode`. */
export async function answerRequests({ promptTokenIds }: DecodeJob, runs: GraphRun[], decode: Decode): Promise<void> {
  await answerLines(async (request): Promise<DecodeAnswer> => {
    const { maxNewTokens } = request as DecodeRequest;
    runs.length = 0;
    const startedAt = performance.now();
    const tokenIds = await decode(maxNewTokens);
    const moments = {
      startedAt,
      endedAt: performance.now(),
      endCpuMs: cpuMilliseconds(),
      promptTokens: promptTokenIds.length,
    };
    return { tokenIds, times: phaseTimes(runs, moments) };
  });
}
