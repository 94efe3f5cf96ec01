import { RepetitionGuard } from "./repetition.ts";
import { suppress } from "./suppression.ts";
import { chooseByChance, chooseLikeliest, type TokenChoice } from "./token-choice.ts";

export interface GenerationRules {
  /** End the text. */
  readonly endTokenIds: readonly number[];
  /** Ids from this one on are no text and are never chosen. */
  readonly textTokens: number;
  /** Tokens that are never chosen. */
  readonly suppressed: Int32Array;
  /** Tokens that are not chosen first. */
  readonly suppressedAtBegin: Int32Array;
  /** Tokens to choose at most, end token included. */
  readonly maxNewTokens: number;
}

export interface TextOptions {
  /** 0 takes the likeliest token at each step. */
  readonly temperature: number;
  /** Draws tokens above temperature 0: numbers from 0 to below 1. */
  readonly random: () => number;
  /** Whether to stop as soon as the text goes round in circles. */
  readonly stopsInLoop: boolean;
}

/** How a text ended: by itself, stopped in a loop, or cut off at `maxNewTokens`. */
export type Ending = "end-token" | "loop" | "limit";

export interface Generation {
  /** Without the end token; of a loop its first round only. */
  readonly tokenIds: Int32Array;
  /** Mean over all tokens and, if it was reached, the end token. */
  readonly averageLogProbability: number;
  readonly ending: Ending;
}

/** A text while it is generated: its tokens so far, and whether more are to come. */
export class GeneratedText {
  readonly #rules: GenerationRules;
  readonly #options: TextOptions;
  readonly #guard = new RepetitionGuard();
  readonly #choices: TokenChoice[] = [];
  #ending: Ending | null = null;

  constructor(rules: GenerationRules, options: TextOptions) {
    this.#rules = rules;
    this.#options = options;
  }

  get isOver(): boolean {
    return this.#ending !== null;
  }

  /** Whether each next token is the one with the highest logit, whatever else is in the row. */
  get isGreedy(): boolean {
    const { suppressed, suppressedAtBegin } = this.#rules;
    return this.#options.temperature === 0 && suppressed.length === 0 && suppressedAtBegin.length === 0;
  }

  /** Tokens that may still follow. */
  get tokensLeft(): number {
    return this.#rules.maxNewTokens - this.#choices.length;
  }

  /** Chooses the next token from a row of logits, which it may overwrite. Returns it. */
  choose(logits: Float32Array): number {
    const { suppressed, suppressedAtBegin, textTokens } = this.#rules;
    if (this.#choices.length === 0) {
      suppress(logits, suppressedAtBegin);
    }
    suppress(logits, suppressed);
    const { temperature, random } = this.#options;
    const text = logits.subarray(0, textTokens);
    const choice = temperature > 0 ? chooseByChance(text, temperature, random) : chooseLikeliest(text);
    this.take(choice);
    return choice.tokenId;
  }

  /** The next token was chosen elsewhere, by the same rules. */
  take(choice: TokenChoice): void {
    this.#choices.push(choice);
    if (this.#rules.endTokenIds.includes(choice.tokenId)) {
      this.#ending = "end-token";
    } else if (this.#guard.push(choice.tokenId) && this.#options.stopsInLoop) {
      this.#ending = "loop";
    } else if (this.tokensLeft <= 0) {
      this.#ending = "limit";
    }
  }

  /** Takes tokens that were chosen in advance, until the text is over: those behind its end mean nothing. */
  takeUntilOver(choices: readonly TokenChoice[]): void {
    for (const choice of choices) {
      if (this.isOver) {
        return;
      }
      this.take(choice);
    }
  }

  /** @throws Error when the text is not over. */
  result(): Generation {
    if (this.#ending === null) {
      throw new Error("the text is still being generated");
    }
    const surplus = { "end-token": 1, loop: this.#guard.repeatedTokens, limit: 0 }[this.#ending];
    const text = this.#choices.slice(0, this.#choices.length - surplus);
    const sum = this.#choices.reduce((total, { logProbability }) => total + logProbability, 0);
    return {
      tokenIds: Int32Array.from(text, ({ tokenId }) => tokenId),
      averageLogProbability: sum / this.#choices.length,
      ending: this.#ending,
    };
  }
}
