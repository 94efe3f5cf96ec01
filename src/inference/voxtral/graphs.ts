import { join } from "node:path";
import type { SessionSettings } from "../../processes/protocol.ts";
import { AudioEncoder } from "./audio-encoder.ts";
import { chunksPerRun } from "./device-runs.ts";
import { findPadding } from "./find-padding.ts";
import { findPromptGroups } from "./find-prompt-groups.ts";
import { openFusedDecoder } from "./fused-decoder.ts";
import type { PromptGroups } from "./generate-in-one-run.ts";
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
  /**
   * How prompts are read and answered in one run; null when they are not. On a CPU that would only be a run without a sign
   * of progress.
   */
  readonly oneRun: OneRun | null;
}

export interface OneRun {
  readonly generate: NonNullable<TextDecoder["generateGreedily"]>;
  readonly groups: PromptGroups;
}

/** @throws Error that names the file and what differs from what `config.json` says. */
export async function openGraphs(
  folder: string,
  { audioEncoder, text }: GraphFiles,
  config: VoxtralConfig,
  settings: SessionSettings,
): Promise<VoxtralGraphs> {
  const isOnCpu = settings.executionProvider === "cpu";
  const encoder = await AudioEncoder.open(join(folder, audioEncoder), config, settings, isOnCpu ? 1 : chunksPerRun);
  const decoder = await (text.kind === "fused"
    ? openFusedDecoder(folder, text, config, settings)
    : openStepwiseDecoder(folder, text, config, settings));
  const padding = await findPadding(decoder, config);
  if (padding === null) {
    // On standard error: the service logs what its children say there.
    process.stderr.write("the decoder reads no padding: only windows of equal length are decoded side by side\n");
  }
  const oneRun = isOnCpu ? null : await findOneRun(decoder, padding, config);
  return { audioEncoder: encoder, decoder, padding, oneRun };
}

/** How this decoder reads and answers prompts in one run; null when it cannot, or gives something else than in steps. */
export async function findOneRun(
  decoder: TextDecoder,
  padding: PaddingSide | null,
  config: VoxtralConfig,
): Promise<OneRun | null> {
  const generate = decoder.generateGreedily;
  const groups = generate === null ? null : await findPromptGroups(decoder, generate, padding, config);
  if (generate === null || groups === null) {
    process.stderr.write("the decoder does not answer prompts in one run: its caches leave the device at each run\n");
    return null;
  }
  return { generate, groups };
}
