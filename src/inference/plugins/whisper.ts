import { join } from "node:path";
import type { Manifest } from "../../model-store/manifest.ts";
import type { AudioWindowInput, SessionSettings, TranscriptOutput, WindowInput } from "../../processes/protocol.ts";
import { JsonFields } from "../json-fields.ts";
import type { LoadedModel, Plugin, TimedRun } from "../plugin.ts";
import { transformerWeights } from "../transformer-weights.ts";
import { openFastLayout } from "../whisper/fast-layout.ts";
import type { GraphFiles, WhisperGraphs } from "../whisper/layout.ts";
import { openMergedLayout } from "../whisper/merged-layout.ts";
import { transcribeWindow } from "../whisper/transcribe-window.ts";
import { readWhisperConfig, type WhisperConfig } from "../whisper/whisper-config.ts";

/** Whisper, multilingual: log-mel spectrograms → text tokens. Runs the layout of this repository and the public one. */
export const plugin: Plugin = {
  name: "whisper",
  task: "automatic-speech-recognition",

  unsupportedReason(manifest: Manifest): string | null {
    return findFiles(manifest) === null ? missingFiles : null;
  },

  async load(folder: string, manifest: Manifest, settings: SessionSettings): Promise<LoadedModel> {
    const files = findFiles(manifest);
    if (files === null) {
      throw new Error(missingFiles);
    }
    const config = await readWhisperConfig(folder);
    const openLayout = mergedDecoder.test(files.decoder) ? openMergedLayout : openFastLayout;
    const graphs = await openLayout(folder, files, config, settings);
    return {
      get device() {
        return graphs.device;
      },
      warmUp: () => warmUp(graphs, config),
      timedRun: () => timedRun(folder, graphs, config),
      // One by one: on a CPU a batch costs as much as its windows one after another.
      run: async (inputs, reportProgress) => {
        const outputs: TranscriptOutput[] = [];
        for (const input of inputs) {
          outputs.push(await transcribeWindow(graphs, config, audioWindowOf(input), reportProgress));
        }
        return outputs;
      },
      dispose: () => graphs.release(),
    };
  },
};

const missingFiles = "its manifest lists no onnx/encoder_model*.onnx with an onnx/decoder_model*.onnx";
const mergedDecoder = /^onnx\/decoder_model_merged[\w.-]*\.onnx$/;

/** Public folders hold unmerged decoders beside the merged one. */
function findFiles({ files }: Manifest): GraphFiles | null {
  const find = (pattern: RegExp): string | undefined => files.find(({ path }) => pattern.test(path))?.path;
  const encoder = find(/^onnx\/encoder_model[\w.-]*\.onnx$/);
  const decoder = find(mergedDecoder) ?? find(/^onnx\/decoder_model[\w.-]*\.onnx$/);
  return encoder === undefined || decoder === undefined ? null : { encoder, decoder };
}

/** A window and two steps of the decoder: the first on an empty cache, the second on a filled one. */
async function warmUp(graphs: WhisperGraphs, { melBins, maxFrames, startTokenId }: WhisperConfig): Promise<void> {
  const frames = graphs.readsShortWindows ? maxFrames / 2 : maxFrames;
  const decoder = await graphs.encode(new Float32Array(melBins * frames), frames);
  await decoder.feed([startTokenId]);
  await decoder.feed([startTokenId]);
}

/** The encoder on one window of silence: it reads no more at once. */
async function timedRun(
  folder: string,
  graphs: WhisperGraphs,
  { melBins, maxFrames }: WhisperConfig,
): Promise<TimedRun> {
  const keys = { layers: "encoder_layers", width: "d_model", innerWidth: "encoder_ffn_dim" };
  const weights = transformerWeights(await JsonFields.read(join(folder, "config.json")), keys);
  const features = new Float32Array(melBins * maxFrames);
  return { weights, tokens: maxFrames / 2, run: () => graphs.encode(features, maxFrames) };
}

function audioWindowOf(input: WindowInput): AudioWindowInput {
  if (input.kind !== "audio") {
    throw new Error(`${plugin.name} reads windows of audio, not of ${input.kind}`);
  }
  return input;
}
