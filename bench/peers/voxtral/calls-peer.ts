import { chooseLikeliest, type TokenChoice } from "../../../src/inference/generation/token-choice.ts";
import { joinCaches } from "../../../src/inference/voxtral/key-value-cache.ts";
import { answerTexts } from "./answer-texts.ts";
import type { TextRequest } from "./device-job.ts";
import { readFeatures } from "./job.ts";
import { openDeviceJob } from "./open-device-job.ts";

/**
 * The plugin's graphs, called again and again: each prompt in one run, then 16 tokens of all texts in each. The caches are
 * outputs of one run and inputs of the next, so they cross from the device to host memory and back. Texts do not stop in
 * loops, which the plugin would have them do. `node calls-peer.ts JOB`.
 */
const tokensPerCall = 16;

const { job, config, graphs } = await openDeviceJob(process.argv[2]);
const { audioEncoder, decoder } = graphs;
const spectrogram = { features: readFeatures(job), frames: job.frames };
const promptTokenIds = Int32Array.from(job.promptTokenIds);

await answerTexts(decode);

/** Of the first text. */
async function decode({ rows, tokens }: TextRequest): Promise<TokenChoice[]> {
  const steps = [];
  for (let row = 0; row < rows; row++) {
    const [audio] = await audioEncoder.encode([spectrogram], () => {});
    steps.push(await decoder.read(decoder.begin(), promptTokenIds, audio!));
  }
  const chosen = steps.map(({ logits: [row] }) => [chooseLikeliest(row!)]);
  let cache = joinCaches(
    steps.map((step) => step.cache),
    "left",
  );
  steps.length = 0;
  while (chosen[0]!.length < tokens && !config.endTokenIds.includes(chosen[0]!.at(-1)!.tokenId)) {
    const last = chosen.map((row) => row.at(-1)!.tokenId);
    const run = await decoder.runGreedily!(cache, last, Math.min(tokensPerCall, tokens - chosen[0]!.length));
    cache = run.cache;
    run.choices.forEach((row, at) => chosen[at]!.push(...row));
  }
  return chosen[0]!;
}
