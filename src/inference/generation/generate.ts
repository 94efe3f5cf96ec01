import type { Decoder } from "./decoder.ts";
import { GeneratedText, type Generation, type GenerationRules, type TextOptions } from "./generated-text.ts";

export interface GenerationOptions extends TextOptions {
  /** Awaited after each token. What it throws ends the generation. */
  readonly onStep: () => void | Promise<void>;
}

/**
 * Goes on from the logits that follow the prompt, token by token. Each step awaits the decoder, so that other runs get
 * their turns.
 */
export async function generate(
  decoder: Decoder,
  promptLogits: Float32Array,
  rules: GenerationRules,
  { onStep, ...options }: GenerationOptions,
): Promise<Generation> {
  const text = new GeneratedText(rules, options);
  let logits = promptLogits;
  for (;;) {
    const tokenId = text.choose(logits);
    await onStep();
    if (text.isOver) {
      return text.result();
    }
    const [row] = await decoder.feed([tokenId]);
    logits = row!;
  }
}
