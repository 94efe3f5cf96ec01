import type { TokenChoice } from "../../../src/inference/generation/token-choice.ts";
import { answerLines } from "./answer-lines.ts";
import type { TextAnswer, TextRequest } from "./device-job.ts";

/** The loop of a peer of `gpu-decode`. @param generate gives the first of the texts. */
export async function answerTexts(generate: (request: TextRequest) => Promise<readonly TokenChoice[]>): Promise<void> {
  await answerLines(async (request): Promise<TextAnswer> => {
    const startedAt = performance.now();
    const choices = await generate(request as TextRequest);
    return {
      ms: performance.now() - startedAt,
      tokenIds: choices.map(({ tokenId }) => tokenId),
      logProbabilities: choices.map(({ logProbability }) => logProbability),
    };
  });
}
