import { existsSync } from "node:fs";
import { join } from "node:path";
import { openGraphs, type VoxtralGraphs } from "../../../src/inference/voxtral/graphs.ts";
import { readVoxtralConfig, type VoxtralConfig } from "../../../src/inference/voxtral/voxtral-config.ts";
import { suffixes } from "./decode-job.ts";
import type { DeviceJob } from "./device-job.ts";

/** A job with everything that it names in memory. */
export interface OpenDeviceJob {
  readonly job: DeviceJob;
  readonly config: VoxtralConfig;
  /** With the fused decoder. */
  readonly graphs: VoxtralGraphs;
}

/**
 * @param argument the first one of this process.
 * @throws Error when the folder has no fused decoder.
 */
export async function openDeviceJob(argument: string | undefined): Promise<OpenDeviceJob> {
  const job = JSON.parse(argument ?? "") as DeviceJob;
  const suffix = suffixes[job.form];
  const decoder = `onnx/decoder_fused${suffix}.onnx`;
  if (!existsSync(join(job.folder, decoder))) {
    throw new Error(`${job.folder} has no ${decoder}, which tools/export-voxtral writes`);
  }
  const config = await readVoxtralConfig(job.folder);
  const files = { audioEncoder: `onnx/audio_encoder${suffix}.onnx`, text: { kind: "fused", decoder } } as const;
  const settings = { executionProvider: job.provider, intraOpNumThreads: job.threads };
  return { job, config, graphs: await openGraphs(job.folder, files, config, settings) };
}
