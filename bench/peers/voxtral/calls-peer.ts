import { readdirSync } from "node:fs";
import { chooseLikeliest, type TokenChoice } from "../../../src/inference/generation/token-choice.ts";
import { openGraphs } from "../../../src/inference/voxtral/graphs.ts";
import { joinCaches } from "../../../src/inference/voxtral/key-value-cache.ts";
import { readVoxtralConfig } from "../../../src/inference/voxtral/voxtral-config.ts";
import { answerLines } from "./answer-lines.ts";
import { suffixes } from "./decode-job.ts";
import type { DeviceJob, TextAnswer, TextRequest } from "./device-job.ts";
import { readFeatures } from "./job.ts";

/**
 * The plugin's graphs, called again and again: each prompt in one run, then 16 tokens of all texts in each. The caches are
 * outputs of one run and inputs of the next, so they cross from the device to host memory and back. Texts do not stop in
 * loops, which the plugin would have them do. `node calls-peer.ts JOB`.
 */
const tokensPerCall = 16;

const job = JSON.parse(process.argv[2] ?? "") as DeviceJob;
const config = await readVoxtralConfig(job.folder);
const suffix = suffixes[job.form];
const files = {
  audioEncoder: `onnx/audio_encoder${suffix}.onnx`,
  text: { kind: "fused", decoder: `onnx/decoder_fused${suffix}.onnx` },
} as const;
if (!readdirSync(`${job.folder}/onnx`).includes(`decoder_fused${suffix}.onnx`)) {
  throw new Error(`${job.folder} has no decoder_fused${suffix}.onnx, which tools/export-voxtral writes`);
}
const settings = { executionProvider: job.provider, intraOpNumThreads: job.threads };
const features = readFeatures(job);
const promptTokenIds = Int32Array.from(job.promptTokenIds);
const { audioEncoder, decoder } = await openGraphs(job.folder, files, config, settings);

await answerLines(async (request): Promise<TextAnswer> => {
  const startedAt = performance.now();
  const choices = await decode(request as TextRequest);
  return {
    ms: performance.now() - startedAt,
    tokenIds: choices.map(({ tokenId }) => tokenId),
    logProbabilities: choices.map(({ logProbability }) => logProbability),
  };
});

/** Of the first text. */
async function decode({ rows, tokens }: TextRequest): Promise<TokenChoice[]> {
  const steps = [];
  for (let row = 0; row < rows; row++) {
    const audio = await audioEncoder.encode(features, job.frames, () => {});
    steps.push(await decoder.read(decoder.begin(), promptTokenIds, audio));
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
