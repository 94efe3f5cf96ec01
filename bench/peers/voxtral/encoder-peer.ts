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
const spectrogram = { features: readFeatures(job), frames: job.frames };
const encoder = await AudioEncoder.open(file, config, settings, Number.MAX_SAFE_INTEGER);

await answerLines(async (request): Promise<EncodeAnswer> => {
  const { chunks } = request as EncodeRequest;
  const spectrograms = Array.from({ length: chunks }, () => spectrogram);
  const startedAt = performance.now();
  await encoder.encode(spectrograms, () => {});
  return { ms: performance.now() - startedAt };
});
