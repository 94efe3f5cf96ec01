import type { GeneratedText } from "../generation/generated-text.ts";
import { tokensPerRun } from "./device-runs.ts";
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

/**
 * Of one run of a decoder that goes on by itself, which cannot be interrupted: so many tokens at first, and about so many
 * milliseconds.
 */
const firstTokens = 16;
const runMs = 2_000;

/**
 * Decodes sequences side by side until the last of their texts is over. Those that are over leave the others.
 * @param sequences is emptied: their caches, which may be gigabytes, are not to outlive their copy here.
 * @param padding where the decoder expects the empty places of shorter sequences.
 * @param onRun Awaited after each run of the decoder. What it throws ends the work.
 */
export async function decodeTogether(
  decoder: TextDecoder,
  sequences: Sequence[],
  padding: PaddingSide,
  onRun: () => void | Promise<void>,
): Promise<void> {
  const unfinished = sequences.splice(0).filter(({ text }) => !text.isOver);
  if (unfinished.length === 0) {
    return;
  }
  let texts = unfinished.map(({ text }) => text);
  let tokenIds = unfinished.map(({ lastTokenId }) => lastTokenId);
  const caches = unfinished.splice(0).map(({ cache: own }) => own);
  let cache = joinCaches(caches, padding);
  caches.length = 0;
  const mostTokens = decoder.device === "cpu" ? firstTokens : tokensPerRun;
  let tokens = firstTokens;
  while (texts.length > 0) {
    const start = performance.now();
    const isGreedy = decoder.runGreedily !== null && texts.every((text) => text.isGreedy);
    ({ cache, tokenIds } = isGreedy
      ? await runGreedily(decoder.runGreedily, cache, tokenIds, texts, tokens)
      : await runStep(decoder, cache, tokenIds, texts));
    const msPerToken = (performance.now() - start) / (isGreedy ? tokens : 1);
    tokens = Math.max(1, Math.min(mostTokens, Math.floor(runMs / msPerToken)));
    await onRun();
    const rows = texts.flatMap((text, row) => (text.isOver ? [] : [row]));
    if (rows.length < texts.length) {
      texts = rows.map((row) => texts[row]!);
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
  tokens: number,
): Promise<Advance> {
  const tokensLeft = Math.max(...texts.map((text) => text.tokensLeft));
  const { cache, choices } = await run(before, fed, Math.min(tokens, tokensLeft));
  texts.forEach((text, row) => text.takeUntilOver(choices[row]!));
  return { cache, tokenIds: choices.map((row) => row.at(-1)!.tokenId) };
}
