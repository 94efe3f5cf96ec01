import type { GeneratedText } from "../generation/generated-text.ts";
import { joinCaches, type KeyValueCache, keepRows, type PaddingSide } from "./key-value-cache.ts";
import type { TextDecoder } from "./text-decoder.ts";

/** One sequence whose prompt was read and whose first token was chosen. */
export interface Sequence {
  readonly text: GeneratedText;
  /** Chosen, and not fed yet. */
  readonly lastTokenId: number;
  /** Of one row. */
  readonly cache: KeyValueCache;
}

/** Tokens of one run of a decoder that goes on by itself. A run cannot be interrupted. */
const tokensPerRun = 16;

/**
 * Decodes sequences side by side until the last of their texts is over. Those that are over leave the others.
 * @param padding where the decoder expects the empty places of shorter sequences.
 * @param onRun Awaited after each run of the decoder. What it throws ends the work.
 */
export async function decodeTogether(
  decoder: TextDecoder,
  sequences: readonly Sequence[],
  padding: PaddingSide,
  onRun: () => void | Promise<void>,
): Promise<void> {
  let open = sequences.filter(({ text }) => !text.isOver);
  let cache = joinCaches(
    open.map((sequence) => sequence.cache),
    padding,
  );
  let tokenIds = open.map(({ lastTokenId }) => lastTokenId);
  while (open.length > 0) {
    const texts = open.map(({ text }) => text);
    const isGreedy = decoder.runGreedily !== null && texts.every((text) => text.isGreedy);
    ({ cache, tokenIds } = isGreedy
      ? await runGreedily(decoder.runGreedily, cache, tokenIds, texts)
      : await runStep(decoder, cache, tokenIds, texts));
    await onRun();
    const rows = texts.flatMap((text, row) => (text.isOver ? [] : [row]));
    if (rows.length < open.length) {
      open = rows.map((row) => open[row]!);
      tokenIds = rows.map((row) => tokenIds[row]!);
      cache = keepRows(cache, rows);
    }
  }
}

interface Advance {
  readonly cache: KeyValueCache;
  readonly tokenIds: number[];
}

async function runStep(
  decoder: TextDecoder,
  before: KeyValueCache,
  fed: readonly number[],
  texts: readonly GeneratedText[],
): Promise<Advance> {
  const { cache, logits } = await decoder.step(before, fed);
  return { cache, tokenIds: texts.map((text, row) => text.choose(logits[row]!)) };
}

async function runGreedily(
  run: NonNullable<TextDecoder["runGreedily"]>,
  before: KeyValueCache,
  fed: readonly number[],
  texts: readonly GeneratedText[],
): Promise<Advance> {
  const tokens = Math.min(tokensPerRun, Math.max(...texts.map(({ tokensLeft }) => tokensLeft)));
  const { cache, choices } = await run(before, fed, tokens);
  texts.forEach((text, row) => {
    for (const choice of choices[row]!) {
      if (text.isOver) {
        break;
      }
      text.take(choice);
    }
  });
  return { cache, tokenIds: choices.map((row) => row.at(-1)!.tokenId) };
}
