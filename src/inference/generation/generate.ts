import type { Decoder } from "./decoder.ts";
import { RepetitionGuard } from "./repetition.ts";
import { suppress } from "./suppression.ts";
import { chooseByChance, chooseLikeliest, type TokenChoice } from "./token-choice.ts";

export interface GenerationRules {
  /** Ends the text. Ids above it are no text and are never chosen. */
  readonly endTokenId: number;
  /** Tokens that are never chosen. */
  readonly suppressed: Int32Array;
  /** Tokens that are not chosen first. */
  readonly suppressedAtBegin: Int32Array;
  /** Tokens to choose at most, end token included. */
  readonly maxNewTokens: number;
}

export interface GenerationOptions {
  /** 0 takes the likeliest token at each step. */
  readonly temperature: number;
  /** Awaited after each token. What it throws ends the generation. */
  readonly onStep: () => void | Promise<void>;
  /** Whether to stop as soon as the text goes round in circles. */
  readonly stopsInLoop: boolean;
}

export interface Generation {
  /** Without the end token. */
  readonly tokenIds: Int32Array;
  /** Mean over the tokens and, if it was reached, the end token. */
  readonly averageLogProbability: number;
  /** The text came to its end, neither stopped in a loop nor cut off at `maxNewTokens`. */
  readonly isComplete: boolean;
}

/**
 * Goes on from the logits that follow the prompt, token by token. Each step awaits the decoder, so that other runs get
 * their turns.
 */
export async function generate(
  decoder: Decoder,
  promptLogits: Float32Array,
  rules: GenerationRules,
  { temperature, onStep, stopsInLoop }: GenerationOptions,
): Promise<Generation> {
  const choices: TokenChoice[] = [];
  const guard = new RepetitionGuard();
  let logits = promptLogits;
  suppress(logits, rules.suppressedAtBegin);
  for (;;) {
    const choice = choose(logits, rules, temperature);
    choices.push(choice);
    await onStep();
    if (choice.tokenId === rules.endTokenId) {
      return toGeneration(choices, true);
    }
    const isLoop = guard.push(choice.tokenId);
    if ((isLoop && stopsInLoop) || choices.length >= rules.maxNewTokens) {
      return toGeneration(choices, false);
    }
    const [row] = await decoder.feed([choice.tokenId]);
    logits = row!;
  }
}

function choose(logits: Float32Array, rules: GenerationRules, temperature: number): TokenChoice {
  suppress(logits, rules.suppressed);
  const text = logits.subarray(0, rules.endTokenId + 1);
  return temperature > 0 ? chooseByChance(text, temperature, Math.random) : chooseLikeliest(text);
}

function toGeneration(choices: readonly TokenChoice[], isComplete: boolean): Generation {
  const text = isComplete ? choices.slice(0, -1) : choices;
  const sum = choices.reduce((total, { logProbability }) => total + logProbability, 0);
  return {
    tokenIds: Int32Array.from(text, ({ tokenId }) => tokenId),
    averageLogProbability: sum / choices.length,
    isComplete,
  };
}
