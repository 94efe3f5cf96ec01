import type { Manifest } from "../../model-store/manifest.ts";
import type { AudioWindowInput, SessionSettings, WindowInput } from "../../processes/protocol.ts";
import type { LoadedModel, Plugin } from "../plugin.ts";
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
      warmUp: () => warmUp(graphs, config),
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

function audioWindowOf(input: WindowInput): AudioWindowInput {
  if (input.kind !== "audio") {
    throw new Error(`${plugin.name} reads windows of audio, not of ${input.kind}`);
  }
  return input;
}
