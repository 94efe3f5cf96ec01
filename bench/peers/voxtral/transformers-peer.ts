import { basename, dirname } from "node:path";
import { env, Tensor, VoxtralForConditionalGeneration } from "@huggingface/transformers";
import { answerRequests } from "./answer-requests.ts";
import { listGraphRuns } from "./graph-runs.ts";
import { readFeatures, readJob } from "./job.ts";

/** transformers.js's model on the same files, spectrogram and prompt. `node transformers-peer.ts JOB`. */
const job = readJob(process.argv[2]);
env.allowRemoteModels = false;
env.localModelPath = dirname(job.folder);

const runs = listGraphRuns();
const { form, promptTokenIds } = job;
const model = await VoxtralForConditionalGeneration.from_pretrained(basename(job.folder), {
  dtype: { audio_encoder: form, embed_tokens: form, decoder_model_merged: form },
  session_options: { intraOpNumThreads: job.threads, interOpNumThreads: 1 },
});
const shape = [1, promptTokenIds.length];
const inputs = {
  input_ids: new Tensor("int64", BigInt64Array.from(promptTokenIds, BigInt), shape),
  attention_mask: new Tensor("int64", new BigInt64Array(promptTokenIds.length).fill(1n), shape),
  audio_values: new Tensor("float32", readFeatures(job), [1, job.melBins, job.frames]),
};
const ends = [model.generation_config?.eos_token_id ?? []].flat();

await answerRequests(job, runs, async (maxNewTokens) => {
  const sequences = await model.generate({ ...inputs, max_new_tokens: maxNewTokens, do_sample: false });
  if (!(sequences instanceof Tensor)) {
    throw new Error("transformers.js gave no sequences");
  }
  const tokenIds = Array.from(sequences.data as BigInt64Array, Number).slice(promptTokenIds.length);
  return ends.includes(tokenIds.at(-1) ?? -1) ? tokenIds.slice(0, -1) : tokenIds;
});
