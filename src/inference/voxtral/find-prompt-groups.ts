import { chooseLikeliest, type TokenChoice } from "../generation/token-choice.ts";
import { longer, shorter, tokensOf } from "./find-padding.ts";
import type { PromptGroups } from "./generate-in-one-run.ts";
import type { PaddingSide } from "./key-value-cache.ts";
import type { DecoderStep, TextDecoder } from "./text-decoder.ts";
import type { VoxtralConfig } from "./voxtral-config.ts";

/** Tokens that are compared: two of them were chosen on caches that the run filled itself. */
const tokens = 3;

/** Rounding, of 8-bit graphs too, changes a log-probability by less. */
const tolerance = 0.2;

/**
 * Finds out by trying which prompts a decoder answers in one run as it answers each of them in steps.
 * @param padding where it expects the empty places of caches: on the left, or its prompts cannot be padded at all.
 * @returns null when one run answers not even a single prompt so.
 */
export async function findPromptGroups(
  decoder: TextDecoder,
  generate: NonNullable<TextDecoder["generateGreedily"]>,
  padding: PaddingSide | null,
  config: VoxtralConfig,
): Promise<PromptGroups | null> {
  const prompts = [shorter, longer].map((count) => ({ tokenIds: tokensOf(count, config), audio: new Float32Array() }));
  const expected: ChoiceInSteps[][] = [];
  for (const { tokenIds } of prompts) {
    expected.push(await answerInSteps(decoder, tokenIds));
  }
  for (const [index, prompt] of prompts.entries()) {
    const [choices] = await generate([prompt], tokens);
    if (!isAlike(choices!, expected[index]!, config)) {
      return null;
    }
  }
  if (padding !== "left") {
    return "equal";
  }
  const together = await generate(prompts, tokens);
  return together.every((choices, row) => isAlike(choices, expected[row]!, config)) ? "any" : "equal";
}

/** What a decoder chose in steps, and from which logits. */
interface ChoiceInSteps extends TokenChoice {
  readonly logits: Float32Array;
}

async function answerInSteps(decoder: TextDecoder, tokenIds: Int32Array): Promise<ChoiceInSteps[]> {
  let step = await decoder.read(decoder.begin(), tokenIds, new Float32Array());
  const choices = [chooseFrom(step)];
  while (choices.length < tokens) {
    step = await decoder.step(step.cache, [choices.at(-1)!.tokenId]);
    choices.push(chooseFrom(step));
  }
  return choices;
}

function chooseFrom({ logits: [logits] }: DecoderStep): ChoiceInSteps {
  return { ...chooseLikeliest(logits!), logits: logits! };
}

/**
 * Kernels of other shapes round otherwise, so another token may be chosen where it is about as likely. What stands behind
 * it, or behind an end token, means nothing.
 */
function isAlike(
  choices: readonly TokenChoice[],
  expected: readonly ChoiceInSteps[],
  { endTokenIds }: VoxtralConfig,
): boolean {
  for (const [at, { tokenId, logProbability, logits }] of expected.entries()) {
    const choice = choices[at];
    if (choice === undefined) {
      return false;
    }
    const behind = logits[tokenId]! - (logits[choice.tokenId] ?? Number.NaN);
    const error = Math.abs(choice.logProbability - (logProbability - behind));
    if (Number.isNaN(error) || Math.max(behind, error) > tolerance) {
      return false;
    }
    if (choice.tokenId !== tokenId || endTokenIds.includes(tokenId)) {
      return true;
    }
  }
  return true;
}
