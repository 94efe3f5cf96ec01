import type { AudioWindowInput } from "../../processes/protocol.ts";
import type { GeneratedText } from "../generation/generated-text.ts";
import type { AudioEncoder } from "./audio-encoder.ts";
import { longestPrompt, mostNewTokens } from "./device-runs.ts";
import type { TextDecoder } from "./text-decoder.ts";

/** A window, and its text, of which no token was chosen yet. */
export interface Transcript {
  readonly window: AudioWindowInput;
  readonly text: GeneratedText;
}

/** Which prompts a decoder reads side by side: of any lengths, or of one length only. */
export type PromptGroups = "any" | "equal";

/** Whether a window may be read and answered in one run, which cannot be interrupted. */
export function fitsOneRun({ window: { promptTokenIds }, text }: Transcript): boolean {
  return text.isGreedy && promptTokenIds.length <= longestPrompt && text.tokensLeft <= mostNewTokens;
}

/**
 * Writes down windows of which each group takes one run of the decoder, prompt and answer together: on a device no cache
 * crosses to host memory and back. A text that is over before its row is, because it goes in circles or has its own limit,
 * ignores the rest.
 * @param transcripts those that fit one run.
 * @param onRun Awaited after each run of a graph. What it throws ends the work.
 */
export async function generateInOneRun(
  audioEncoder: Pick<AudioEncoder, "encode">,
  generate: NonNullable<TextDecoder["generateGreedily"]>,
  transcripts: readonly Transcript[],
  groups: PromptGroups,
  onRun: () => void | Promise<void>,
): Promise<void> {
  const audio = await audioEncoder.encode(
    transcripts.map(({ window }) => window),
    onRun,
  );
  const prompted = transcripts.map(({ window, text }, index) => ({
    text,
    prompt: { tokenIds: window.promptTokenIds, audio: audio[index]! },
  }));
  const lengthOf = ({ prompt }: (typeof prompted)[number]): number => (groups === "any" ? 0 : prompt.tokenIds.length);
  for (const group of Map.groupBy(prompted, lengthOf).values()) {
    const choices = await generate(
      group.map(({ prompt }) => prompt),
      Math.max(...group.map(({ text }) => text.tokensLeft)),
    );
    group.forEach(({ text }, row) => text.takeUntilOver(choices[row]!));
    await onRun();
  }
}
