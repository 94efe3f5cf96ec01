import type { Prompt } from "./text-decoder.ts";

/** Prompts side by side: [rows, columns], each with empty places on its left if another one is longer. */
export interface PaddedPrompts {
  readonly columns: number;
  /** Tokens of each prompt. */
  readonly lengths: readonly number[];
  readonly inputIds: BigInt64Array;
}

/** @param emptyId stands in the empty places: any token but that of audio, which would be given rows. */
export function padPrompts(prompts: readonly Prompt[], emptyId: number): PaddedPrompts {
  const lengths = prompts.map(({ tokenIds }) => tokenIds.length);
  const columns = Math.max(...lengths);
  const inputIds = new BigInt64Array(prompts.length * columns).fill(BigInt(emptyId));
  prompts.forEach(({ tokenIds }, row) => {
    inputIds.set(BigInt64Array.from(tokenIds, BigInt), (row + 1) * columns - tokenIds.length);
  });
  return { columns, lengths, inputIds };
}

/** int64 [rows, columns]: where in its own prompt each token stands; 0 in the empty places. */
export function paddedPositions(lengths: readonly number[], columns: number): BigInt64Array {
  return BigInt64Array.from(
    lengths.flatMap((length) => Array.from({ length: columns }, (_, at) => Math.max(0, at - (columns - length)))),
    BigInt,
  );
}

/** The rows of audio of all prompts, one after another, as their places come. */
export function joinAudio(prompts: readonly Prompt[]): Float32Array {
  const joined = new Float32Array(prompts.reduce((total, { audio }) => total + audio.length, 0));
  let at = 0;
  for (const { audio } of prompts) {
    joined.set(audio, at);
    at += audio.length;
  }
  return joined;
}
