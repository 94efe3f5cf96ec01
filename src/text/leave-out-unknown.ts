import type { Chunk } from "./tokenizer.ts";

/** Ids of pieces that say nothing of a text. */
export interface EmptyPieces {
  /** Characters that the vocabulary does not hold, such as emoji and other scripts. */
  readonly unknownId: number;
  /** The mark of a word's beginning without the word; null where the vocabulary has no such piece. */
  readonly wordStartId: number | null;
}

/**
 * The chunks without what the vocabulary does not know. A word of nothing else is left out, and a text of nothing else
 * has no tokens.
 *
 * A model guesses at unknown pieces: without this, emoji alone were toxic, three of them turned one everyday sentence in
 * seven toxic, and one behind an insult hid it (`models/camembert-toxicity-fr/MODEL_CARD.md`, Emoji).
 */
export function leaveOutUnknown(chunks: readonly Chunk[], { unknownId, wordStartId }: EmptyPieces): readonly Chunk[] {
  return chunks.flatMap((chunk) => {
    if (!chunk.ids.includes(unknownId)) {
      return [chunk];
    }
    const ids = chunk.ids.filter((id) => id !== unknownId);
    return ids.every((id) => id === wordStartId) ? [] : [{ ...chunk, ids }];
  });
}
