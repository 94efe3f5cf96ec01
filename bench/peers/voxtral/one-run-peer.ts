import { findOneRun } from "../../../src/inference/voxtral/graphs.ts";
import { answerTexts } from "./answer-texts.ts";
import { readFeatures } from "./job.ts";
import { openDeviceJob } from "./open-device-job.ts";

/**
 * The plugin's graphs, with the prompts and all tokens of all texts in one run of the decoder, as the plugin does it on a
 * device: no cache leaves it. Texts do not stop in loops, which the plugin would have them do. `node one-run-peer.ts JOB`.
 */
const { job, config, graphs } = await openDeviceJob(process.argv[2]);
const { audioEncoder, decoder, padding } = graphs;
// On a CPU the plugin does not look for it.
const oneRun = graphs.oneRun ?? (await findOneRun(decoder, padding, config));
if (oneRun === null) {
  throw new Error(`the decoder of ${job.folder} does not answer prompts in one run`);
}
const spectrogram = { features: readFeatures(job), frames: job.frames };
const tokenIds = Int32Array.from(job.promptTokenIds);

await answerTexts(async ({ rows, tokens }) => {
  const spectrograms = Array.from({ length: rows }, () => spectrogram);
  const audio = await audioEncoder.encode(spectrograms, () => {});
  const prompts = audio.map((each) => ({ tokenIds, audio: each }));
  const [first = []] = await oneRun.generate(prompts, tokens);
  return first;
});
