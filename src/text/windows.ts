import type { PreparedText } from "./prepared-text.ts";
import type { Chunk } from "./tokenizer.ts";

export interface WindowLimits {
  /** Tokens of the longest window, the two special tokens included. */
  readonly windowTokens: number;
  /** Tokens that a window shares with the one before it, as near as whole chunks allow. */
  readonly overlapTokens: number;
}

/** Tokens that begin and end every sequence. */
export interface SequenceMarks {
  readonly startId: number;
  readonly endId: number;
}

/** Tokens of the longest chunk with which any two neighbours fit a window, so that windows can always overlap. */
export function maxChunkTokens({ windowTokens }: Pick<WindowLimits, "windowTokens">): number {
  return Math.floor(contentTokens(windowTokens) / 2);
}

/**
 * Windows over a text's chunks: full ones, each starting about `overlapTokens` before the end of the last.
 *
 * Every chunk lies wholly inside at least one window. A text without tokens is one empty window over all of it. The ids
 * of one text share a buffer. Throws a `RangeError` for a chunk that fits no window.
 */
export function createWindows(
  chunks: readonly Chunk[],
  textLength: number,
  marks: SequenceMarks,
  limits: WindowLimits,
): PreparedText {
  const counts = chunks.map(({ ids }) => ids.length);
  const ranges = cutIntoRanges(counts, contentTokens(limits.windowTokens), limits.overlapTokens);
  const buffer = new Int32Array(ranges.reduce((total, { tokens }) => total + tokens + markTokens, 0));
  let offset = 0;
  const windows = ranges.map(({ first, end, tokens }) => {
    const inputIds = buffer.subarray(offset, offset + tokens + markTokens);
    offset += inputIds.length;
    inputIds[0] = marks.startId;
    let position = 1;
    for (const { ids } of chunks.slice(first, end)) {
      inputIds.set(ids, position);
      position += ids.length;
    }
    inputIds[position] = marks.endId;
    return { inputIds, start: chunks[first]?.start ?? 0, end: chunks[end - 1]?.end ?? textLength };
  });
  return { tokens: counts.reduce((total, count) => total + count, 0), windows };
}

/** The chunks of one window: indices, `end` exclusive, and their tokens together. */
interface ChunkRange {
  readonly first: number;
  readonly end: number;
  readonly tokens: number;
}

function cutIntoRanges(counts: readonly number[], limit: number, overlapTokens: number): ChunkRange[] {
  const ranges: ChunkRange[] = [];
  let first = 0;
  let tokens = 0;
  for (const [index, count] of counts.entries()) {
    if (count > limit) {
      throw new RangeError(`a chunk of ${count} tokens fits no window: at most ${limit} do`);
    }
    if (tokens + count > limit) {
      ranges.push({ first, end: index, tokens });
      ({ first, tokens } = stepBack(counts, { first, end: index, limit: limit - count, overlapTokens }));
    }
    tokens += count;
  }
  ranges.push({ first, end: counts.length, tokens });
  return ranges;
}

/** Where the next window begins: the fewest last chunks with `overlapTokens`, or as many as `limit` tokens allow. */
function stepBack(
  counts: readonly number[],
  { first, end, limit, overlapTokens }: { first: number; end: number; limit: number; overlapTokens: number },
): { first: number; tokens: number } {
  let next = end;
  let tokens = 0;
  while (next - 1 > first && tokens < overlapTokens && tokens + (counts[next - 1] ?? 0) <= limit) {
    next--;
    tokens += counts[next] ?? 0;
  }
  return { first: next, tokens };
}

const markTokens = 2;
const contentTokens = (windowTokens: number): number => windowTokens - markTokens;
