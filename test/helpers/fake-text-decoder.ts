import type { TokenChoice } from "../../src/inference/generation/token-choice.ts";
import { rawTensor, rawValues } from "../../src/inference/session.ts";
import type { KeyValueCache } from "../../src/inference/voxtral/key-value-cache.ts";
import type { DecoderStep, GreedyRun, Prompt, TextDecoder } from "../../src/inference/voxtral/text-decoder.ts";

const cacheName = "past_key_values.0.key";

/**
 * A decoder that says the script of each sequence, whatever it is fed. Its cache holds the number of the script, and the
 * tokens that the sequence was fed.
 */
export class FakeTextDecoder implements TextDecoder {
  readonly device: string;
  readonly runGreedily: TextDecoder["runGreedily"];
  readonly generateGreedily = (prompts: readonly Prompt[], tokens: number): Promise<TokenChoice[][]> => {
    this.generated.push({ scripts: prompts.map(scriptOf), tokens });
    return Promise.resolve(prompts.map((prompt) => this.#sayAll(scriptOf(prompt), tokens)));
  };
  /** Rows of each step or run, oldest first. */
  readonly rows: number[] = [];
  /** Runs that read whole prompts: the scripts that they were to say, and how many tokens at most. */
  readonly generated: { readonly scripts: readonly number[]; readonly tokens: number }[] = [];
  /** Tokens of each run that goes on by itself. */
  readonly tokensAsked: number[] = [];
  /** Tokens fed to each script, in order. */
  readonly fed = new Map<number, number[]>();
  readonly #scripts: readonly (readonly number[])[];

  constructor(scripts: readonly (readonly number[])[], isFused: boolean, device = "cpu") {
    this.#scripts = scripts;
    this.device = device;
    this.runGreedily = isFused ? (...args) => this.#runGreedily(...args) : null;
  }

  begin(): KeyValueCache {
    throw new Error("the sequences of this fake have begun");
  }

  /** The cache of a sequence that is to say this script. */
  cacheOf(script: number): KeyValueCache {
    return {
      tensors: { [cacheName]: rawTensor(Float32Array.of(script), [1, 1, 1, 1]) },
      columns: 1,
      lengths: [1],
      padding: "left",
    };
  }

  read(): Promise<DecoderStep> {
    throw new Error("the prompts of this fake were read");
  }

  step(cache: KeyValueCache, tokenIds: readonly number[]): Promise<DecoderStep> {
    this.rows.push(tokenIds.length);
    const logits = this.#scriptsOf(cache).map((script, row) => {
      const fed = this.#feed(script, tokenIds[row]!);
      const row20 = new Float32Array(20);
      row20[this.#scripts[script]![fed]!] = 30;
      return row20;
    });
    return Promise.resolve({ cache, logits });
  }

  release(): Promise<void> {
    return Promise.resolve();
  }

  #runGreedily(cache: KeyValueCache, tokenIds: readonly number[], tokens: number): Promise<GreedyRun> {
    this.rows.push(tokenIds.length);
    this.tokensAsked.push(tokens);
    const choices = this.#scriptsOf(cache).map((script, row) => {
      let tokenId = tokenIds[row]!;
      return Array.from({ length: tokens }, () => {
        const fed = this.#feed(script, tokenId);
        // A graph goes on with padding behind the end.
        tokenId = this.#scripts[script]![fed] ?? 11;
        return { tokenId, logProbability: 0 };
      });
    });
    return Promise.resolve({ cache, choices });
  }

  /** Padding follows the end, as in a graph whose other rows go on. */
  #sayAll(script: number, tokens: number): TokenChoice[] {
    return Array.from({ length: tokens }, (_, at) => ({
      tokenId: this.#scripts[script]![at] ?? 11,
      logProbability: 0,
    }));
  }

  #scriptsOf(cache: KeyValueCache): number[] {
    return [...rawValues(cache.tensors[cacheName]!)];
  }

  #feed(script: number, tokenId: number): number {
    const fed = [...(this.fed.get(script) ?? []), tokenId];
    this.fed.set(script, fed);
    return fed.length;
  }
}

/** The prompt for a script begins with its number. */
function scriptOf({ tokenIds }: Prompt): number {
  return tokenIds[0]!;
}
