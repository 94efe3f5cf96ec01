import { join } from "node:path";
import type { Manifest } from "../../model-store/manifest.ts";
import type { AudioWindowInput, SessionSettings, TimingOrder, WindowInput } from "../../processes/protocol.ts";
import { JsonFields } from "../json-fields.ts";
import type { LoadedModel, Plugin, TimedRun } from "../plugin.ts";
import { encoderKeys, transformerWeights } from "../transformer-weights.ts";
import { chunksPerRun } from "../voxtral/device-runs.ts";
import { findGraphFiles } from "../voxtral/graph-files.ts";
import { openGraphs, type VoxtralGraphs } from "../voxtral/graphs.ts";
import { transcribeWindows } from "../voxtral/transcribe-windows.ts";
import { readVoxtralConfig, type VoxtralConfig } from "../voxtral/voxtral-config.ts";

/** Voxtral: log-mel spectrograms and a prompt → text tokens. Runs the public layout and that of `tools/export-voxtral`. */
export const plugin: Plugin = {
  name: "voxtral",
  task: "automatic-speech-recognition",

  unsupportedReason(manifest: Manifest): string | null {
    try {
      findGraphFiles(manifest);
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : "its manifest cannot be read";
    }
  },

  async load(folder: string, manifest: Manifest, settings: SessionSettings): Promise<LoadedModel> {
    const config = await readVoxtralConfig(folder);
    const graphs = await openGraphs(folder, findGraphFiles(manifest), config, settings);
    return {
      get device() {
        return graphs.decoder.device;
      },
      answersInOneRun: graphs.oneRun !== null,
      warmUp: () => warmUp(graphs, config),
      timedRun: (order) => timedRun(folder, graphs, config, order),
      run: (inputs, reportProgress) => transcribeWindows(graphs, config, inputs.map(audioWindowOf), reportProgress),
      dispose: async () => {
        await graphs.audioEncoder.release();
        await graphs.decoder.release();
      },
    };
  },
};

/** One chunk of silence; the decoder was run when the graphs were opened. */
async function warmUp({ audioEncoder }: VoxtralGraphs, { melBins, framesPerChunk }: VoxtralConfig): Promise<void> {
  const silence = { features: new Float32Array(melBins * framesPerChunk), frames: framesPerChunk };
  await audioEncoder.encode([silence], () => {});
}

/** The encoder on so many chunks of silence; the decoder's steps are too short to be timed by themselves. */
async function timedRun(
  folder: string,
  { audioEncoder }: VoxtralGraphs,
  { melBins, framesPerChunk }: VoxtralConfig,
  { operations, maxUnits }: TimingOrder,
): Promise<TimedRun> {
  const config = await JsonFields.read(join(folder, "config.json"));
  const weights = transformerWeights(config.object("audio_config"), encoderKeys);
  const statesPerChunk = framesPerChunk / 2;
  const wanted = Math.floor(operations / (2 * weights * statesPerChunk));
  const chunks = Math.max(1, Math.min(wanted, chunksPerRun, maxUnits));
  const frames = chunks * framesPerChunk;
  const silence = { features: new Float32Array(melBins * frames), frames };
  return {
    weights,
    tokens: chunks * statesPerChunk,
    run: () => audioEncoder.encode([silence], () => {}),
  };
}

function audioWindowOf(input: WindowInput): AudioWindowInput {
  if (input.kind !== "audio") {
    throw new Error(`${plugin.name} reads windows of audio, not of ${input.kind}`);
  }
  return input;
}
