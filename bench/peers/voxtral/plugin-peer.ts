import { readdirSync } from "node:fs";
import { join } from "node:path";
import { plugin } from "../../../src/inference/plugins/voxtral.ts";
import { readVoxtralConfig, rulesFor } from "../../../src/inference/voxtral/voxtral-config.ts";
import type { Manifest } from "../../../src/model-store/manifest.ts";
import type { AudioWindowInput } from "../../../src/processes/protocol.ts";
import { answerRequests } from "./answer-requests.ts";
import { suffixes } from "./decode-job.ts";
import { listGraphRuns } from "./graph-runs.ts";
import { readFeatures, readJob } from "./job.ts";

/** Our plugin as an inference process runs it. `node plugin-peer.ts JOB`. */
const job = readJob(process.argv[2]);
const runs = listGraphRuns();
const config = await readVoxtralConfig(job.folder);
const features = readFeatures(job);
const promptTokenIds = Int32Array.from(job.promptTokenIds);
const model = await plugin.load(job.folder, manifest(), {
  executionProvider: "cpu",
  intraOpNumThreads: job.threads,
});

await answerRequests(job, runs, async (maxNewTokens) => {
  const [output] = await model.run([windowFor(maxNewTokens)], () => {});
  if (output?.kind !== "transcript") {
    throw new Error("the plugin gave no transcript");
  }
  return [...output.tokenIds];
});

/** Of the graphs to run only: a folder may hold others. The benchmark trusts the files and computes no digest. */
function manifest(): Manifest {
  const parts = job.layout === "fused" ? ["decoder_fused"] : ["embed_tokens", "decoder_model_merged"];
  const names = ["audio_encoder", ...parts].map((part) => `${part}${suffixes[job.form]}.onnx`);
  const present = readdirSync(join(job.folder, "onnx"));
  const missing = names.filter((name) => !present.includes(name));
  if (missing.length > 0) {
    throw new Error(`${job.folder}/onnx lacks ${missing.join(", ")}`);
  }
  return {
    name: "benchmarked",
    version: "0.0.0",
    task: plugin.task,
    plugin: plugin.name,
    precision: "fp32",
    files: names.map((name) => ({ path: `onnx/${name}`, bytes: 0, sha256: "" })),
    licence: "",
    provenance: {},
  };
}

function windowFor(maxNewTokens: number): AudioWindowInput {
  const { melBins, frames } = job;
  const audioMs = audioMsFor(maxNewTokens);
  return {
    kind: "audio",
    features,
    melBins,
    frames,
    audioMs,
    language: null,
    promptTokenIds,
    temperature: 0,
    seed: 0,
  };
}

/** The shortest audio that may have so many tokens: the plugin allows as many as can be said in its time. */
function audioMsFor(maxNewTokens: number): number {
  for (let audioMs = 0; audioMs <= 10 * job.frames; audioMs += 10) {
    const allowed = rulesFor(audioMs, promptTokenIds.length, config).maxNewTokens;
    if (allowed >= maxNewTokens) {
      return audioMs;
    }
  }
  throw new Error(`the plugin gives fewer than ${maxNewTokens} tokens for ${job.frames} frames`);
}
