import { join } from "node:path";
import type { SessionSettings } from "../../processes/protocol.ts";
import { AudioEncoder } from "./audio-encoder.ts";
import { findPadding } from "./find-padding.ts";
import { openFusedDecoder } from "./fused-decoder.ts";
import type { GraphFiles } from "./graph-files.ts";
import type { PaddingSide } from "./key-value-cache.ts";
import { openStepwiseDecoder } from "./stepwise-decoder.ts";
import type { TextDecoder } from "./text-decoder.ts";
import type { VoxtralConfig } from "./voxtral-config.ts";

/** The opened graphs of a model folder. */
export interface VoxtralGraphs {
  readonly audioEncoder: AudioEncoder;
  readonly decoder: TextDecoder;
  /** Where the decoder expects the empty places of shorter sequences; null when it decodes only equal ones together. */
  readonly padding: PaddingSide | null;
}

/** @throws Error that names the file and what differs from what `config.json` says. */
export async function openGraphs(
  folder: string,
  { audioEncoder, text }: GraphFiles,
  config: VoxtralConfig,
  settings: SessionSettings,
): Promise<VoxtralGraphs> {
  const encoder = await AudioEncoder.open(join(folder, audioEncoder), config, settings);
  const decoder = await (text.kind === "fused"
    ? openFusedDecoder(folder, text, config, settings)
    : openStepwiseDecoder(folder, text, config, settings));
  const padding = await findPadding(decoder, config);
  if (padding === null) {
    // On standard error: the service logs what its children say there.
    process.stderr.write("the decoder reads no padding: only windows of equal length are decoded side by side\n");
  }
  return { audioEncoder: encoder, decoder, padding };
}
