import { join } from "node:path";
import { AudioEncoder } from "../../../src/inference/voxtral/audio-encoder.ts";
import { readVoxtralConfig } from "../../../src/inference/voxtral/voxtral-config.ts";
import { answerLines } from "./answer-lines.ts";
import { suffixes } from "./decode-job.ts";
import type { DeviceJob, EncodeAnswer, EncodeRequest } from "./device-job.ts";
import { readFeatures } from "./job.ts";

/** The plugin's audio encoder, with as many chunks in a run as it is asked for. `node encoder-peer.ts JOB`. */
const job = JSON.parse(process.argv[2] ?? "") as DeviceJob;
const config = await readVoxtralConfig(job.folder);
const file = join(job.folder, `onnx/audio_encoder${suffixes[job.form]}.onnx`);
const settings = { executionProvider: job.provider, intraOpNumThreads: job.threads };
const chunk = readFeatures(job);
const encoder = await AudioEncoder.open(file, config, settings, Number.MAX_SAFE_INTEGER);

await answerLines(async (request): Promise<EncodeAnswer> => {
  const { chunks } = request as EncodeRequest;
  const features = sideBySide(chunks);
  const startedAt = performance.now();
  await encoder.encode(features, chunks * job.frames, () => {});
  return { ms: performance.now() - startedAt };
});

/** The same chunk several times: [melBins × (chunks · frames)]. */
function sideBySide(chunks: number): Float32Array {
  const { melBins, frames } = job;
  const features = new Float32Array(melBins * chunks * frames);
  for (let bin = 0; bin < melBins; bin++) {
    const row = chunk.subarray(bin * frames, (bin + 1) * frames);
    for (let at = 0; at < chunks; at++) {
      features.set(row, (bin * chunks + at) * frames);
    }
  }
  return features;
}
