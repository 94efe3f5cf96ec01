import type { Chunk } from "./tokenizer.ts";

/** What is known of pieces by their ids. */
export interface PieceFacts {
  /** Characters that the vocabulary does not hold, such as emoji and other scripts. */
  readonly unknownId: number;
  /** The mark of a word's beginning without the word; null where the vocabulary has no such piece. */
  readonly wordStartId: number | null;
  /** Whether a word begins with the piece: with the mark alone, or with it and more. */
  readonly beginsWord: (id: number) => boolean;
}

interface Piece {
  readonly id: number;
  /** The position of its chunk. */
  readonly chunk: number;
}

/**
 * The chunks without what the vocabulary does not know. A word of nothing else is left out, and a text of nothing else
 * has no tokens. Words are those of the model here: a chunk may be a piece of one, and some characters are several.
 *
 * A model guesses at unknown pieces: without this, emoji alone were toxic, three of them turned one everyday sentence in
 * seven toxic, and one behind an insult hid it (`models/camembert-toxicity-fr/MODEL_CARD.md`, Emoji).
 */
export function leaveOutUnknown(chunks: readonly Chunk[], facts: PieceFacts): readonly Chunk[] {
  const { unknownId, wordStartId } = facts;
  if (!chunks.some(({ ids }) => ids.includes(unknownId))) {
    return chunks;
  }
  const kept = chunks.map((): number[] => []);
  for (const word of wordsOf(chunks, facts)) {
    const known = word.filter(({ id }) => id !== unknownId);
    if (known.length === word.length || known.some(({ id }) => id !== wordStartId)) {
      known.forEach(({ id, chunk }) => kept[chunk]?.push(id));
    }
  }
  return chunks.map((chunk, at) => ({ ...chunk, ids: kept[at] ?? [] })).filter(({ ids }) => ids.length > 0);
}

function* wordsOf(chunks: readonly Chunk[], { beginsWord }: PieceFacts): Generator<readonly Piece[]> {
  let word: Piece[] = [];
  for (const [chunk, { ids }] of chunks.entries()) {
    for (const id of ids) {
      if (beginsWord(id)) {
        yield word;
        word = [];
      }
      word.push({ id, chunk });
    }
  }
  yield word;
}
