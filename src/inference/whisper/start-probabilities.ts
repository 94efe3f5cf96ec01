import type { WhisperConfig } from "./whisper-config.ts";

/** What a model thinks of a window before it writes the first word. */
export interface StartProbabilities {
  /** 0–1 by language code; all languages together make 1. */
  readonly languages: ReadonlyMap<string, number>;
  /** 0–1: that nobody speaks. */
  readonly noSpeech: number;
}

/**
 * Reads the logits that follow the start token. A language competes with the other languages, silence with every token,
 * as in OpenAI's implementation.
 */
export function readStartProbabilities(
  logits: Float32Array,
  { languageTokenIds, noSpeechTokenId }: Pick<WhisperConfig, "languageTokenIds" | "noSpeechTokenId">,
): StartProbabilities {
  const languageLogits = [...languageTokenIds.values()].map((tokenId) => logits[tokenId] ?? Number.NaN);
  const ofLanguages = logOfSum(Float32Array.from(languageLogits));
  const probability = (tokenId: number, logSum: number): number => Math.exp((logits[tokenId] ?? Number.NaN) - logSum);
  return {
    languages: new Map(
      [...languageTokenIds].map(([language, tokenId]) => [language, probability(tokenId, ofLanguages)]),
    ),
    noSpeech: probability(noSpeechTokenId, logOfSum(logits)),
  };
}

/** The language with the highest probability. */
export function likeliestLanguage({ languages }: StartProbabilities): string {
  const [[likeliest] = [""]] = [...languages].toSorted(([, one], [, other]) => other - one);
  return likeliest;
}

/** Logarithm of the sum of all exponentials, shifted by the highest so that none overflows. */
function logOfSum(logits: Float32Array): number {
  const highest = logits.reduce((high, logit) => Math.max(high, logit), Number.NEGATIVE_INFINITY);
  let sum = 0;
  for (let index = 0; index < logits.length; index++) {
    sum += Math.exp(logits[index]! - highest);
  }
  return highest + Math.log(sum);
}
