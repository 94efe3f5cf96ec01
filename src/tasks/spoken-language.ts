/** One window decides from this probability on: `language_detection_threshold` of faster-whisper. */
const sureProbability = 0.5;

/** After so many windows with speech the likeliest language decides, sure or not. */
const mostWindows = 3;

/** The language that is spoken in an upload: asked for, or found out from its first windows. */
export class SpokenLanguage {
  readonly #probabilities = new Map<string, number>();
  #windows = 0;
  #decided: string | null;
  readonly #canBeFound: boolean;

  /**
   * @param asked the language that the client names; null to find it out.
   * @param canBeFound whether windows will tell.
   */
  constructor(asked: string | null, canBeFound: boolean) {
    this.#decided = asked;
    this.#canBeFound = canBeFound;
  }

  /** Whether it is still to be found out. */
  get isOpen(): boolean {
    return this.#decided === null && this.#canBeFound;
  }

  /** The language in which the next windows are heard; null while it is open. */
  get decided(): string | null {
    return this.#decided;
  }

  /** The one decided on, or the likeliest so far; null when nobody has spoken and none was asked for. */
  get likeliest(): string | null {
    const [first] = [...this.#probabilities].toSorted(([, a], [, b]) => b - a);
    return this.#decided ?? first?.[0] ?? null;
  }

  /** A window with speech was heard in this language; `probability` (0–1) is the model's. */
  hear(language: string, probability: number): void {
    if (this.#decided !== null) {
      return;
    }
    this.#windows++;
    this.#probabilities.set(language, (this.#probabilities.get(language) ?? 0) + probability);
    if (probability >= sureProbability || this.#windows >= mostWindows) {
      this.#decided = probability >= sureProbability ? language : this.likeliest;
    }
  }
}
