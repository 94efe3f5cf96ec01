import { OperatorError } from "../operator-error.ts";
import type { TekkenTokenizer } from "./tekken-tokenizer.ts";

/** Special tokens that Voxtral was trained to be asked with. */
const names = ["<s>", "[INST]", "[BEGIN_AUDIO]", "[AUDIO]", "[/INST]", "[TRANSCRIBE]"] as const;

/**
 * Writes the prompt that asks Voxtral for a transcript, as mistral-common's `encode_transcription` does:
 * `<s>[INST][BEGIN_AUDIO][AUDIO]…[/INST]lang:fr[TRANSCRIBE]`.
 */
export class VoxtralPrompt {
  readonly #tokenizer: TekkenTokenizer;
  readonly #tokensPerChunk: number;
  readonly #ids: Readonly<Record<(typeof names)[number], number>>;

  /**
   * @param tokensPerChunk places that a chunk of audio takes.
   * @throws {OperatorError} that names the tokens that the tokenizer lacks.
   */
  constructor(tokenizer: TekkenTokenizer, tokensPerChunk: number) {
    const ids = names.map((name) => [name, tokenizer.specialTokenId(name)] as const);
    const missing = ids.filter(([, id]) => id === null).map(([name]) => name);
    if (missing.length > 0) {
      throw new OperatorError(`the tokenizer is of no Voxtral model: it lacks ${missing.join(", ")}`);
    }
    this.#tokenizer = tokenizer;
    this.#tokensPerChunk = tokensPerChunk;
    this.#ids = Object.fromEntries(ids) as Record<(typeof names)[number], number>;
  }

  /** The prompt for so many chunks, all behind one `[BEGIN_AUDIO]`. Without a language the model finds it out. */
  tokenIds(chunks: number, language: string | null): Int32Array {
    const audio = Array.from({ length: chunks * this.#tokensPerChunk }, () => this.#ids["[AUDIO]"]);
    const named = language === null ? [] : this.#tokenizer.encode(`lang:${language}`);
    return Int32Array.of(
      this.#ids["<s>"],
      this.#ids["[INST]"],
      this.#ids["[BEGIN_AUDIO]"],
      ...audio,
      this.#ids["[/INST]"],
      ...named,
      this.#ids["[TRANSCRIBE]"],
    );
  }
}
